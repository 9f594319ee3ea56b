package main

import "net/http"

func tcpClient(o *options) func(int) (answer, error) {
	protocols := new(http.Protocols)
	switch o.protocol {
	case "h2":
		protocols.SetHTTP2(true)
	case "h2c":
		protocols.SetUnencryptedHTTP2(true)
	default:
		protocols.SetHTTP1(true)
	}
	client := &http.Client{
		Timeout: o.timeout,
		Transport: &http.Transport{TLSClientConfig: o.tls(), Protocols: protocols,
			DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(int) (answer, error) {
		response, err := client.Do(o.request(o.method))
		if err != nil {
			return answer{}, err
		}
		return read(response, nil)
	}
}
