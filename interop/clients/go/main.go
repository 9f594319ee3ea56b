// Go's net/http (h1, h2, h2c) and quic-go (h3), as interop/suite/programs.py wants it.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

type fields []string

func (f *fields) String() string     { return strings.Join(*f, ", ") }
func (f *fields) Set(v string) error { *f = append(*f, v); return nil }

type options struct {
	ca, protocol, method, url string
	header                    fields
	body, count               int
	parallel, compressed      bool
	resume, early, v2         bool
	migrate                   bool
	timeout                   time.Duration
}

// One line of output.
type answer struct {
	Status   int               `json:"status"`
	Protocol string            `json:"protocol"`
	Headers  map[string]string `json:"headers"`
	Size     int               `json:"size"`
	Sha256   string            `json:"sha256"`
	Quic     *quicState        `json:"quic,omitempty"`
}

func parse() options {
	var o options
	flag.StringVar(&o.ca, "ca", "", "the CA's file")
	flag.StringVar(&o.protocol, "protocol", "h1", "h1, h2, h2c or h3")
	flag.StringVar(&o.method, "method", "GET", "")
	flag.Var(&o.header, "header", "NAME: VALUE")
	flag.IntVar(&o.body, "body", 0, "bytes to send")
	flag.IntVar(&o.count, "count", 1, "so many requests")
	flag.BoolVar(&o.parallel, "parallel", false, "all at once")
	flag.BoolVar(&o.compressed, "compressed", false, "ask for gzip")
	flag.BoolVar(&o.resume, "resume", false, "h3: each request on a connection of its own, the later ones resumed")
	flag.BoolVar(&o.early, "early", false, "h3: with --resume, the later requests as early data")
	flag.BoolVar(&o.v2, "v2", false, "h3: QUIC version 2")
	flag.BoolVar(&o.migrate, "migrate", false, "h3: the connection moves to another port within the answer")
	flag.DurationVar(&o.timeout, "timeout", time.Minute, "for each request")
	flag.Parse()
	if flag.NArg() != 1 {
		log.Fatal("one URL, please")
	}
	o.url = flag.Arg(0)
	return o
}

func (o *options) tls() *tls.Config {
	pem, err := os.ReadFile(o.ca)
	if err != nil {
		log.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	return &tls.Config{RootCAs: roots}
}

func (o *options) request(method string) *http.Request {
	var body io.Reader
	if o.body > 0 {
		body = bytes.NewReader(bytes.Repeat([]byte("u"), o.body))
	}
	request, err := http.NewRequest(method, o.url, body)
	if err != nil {
		log.Fatal(err)
	}
	for _, field := range o.header {
		name, value, _ := strings.Cut(field, ": ")
		request.Header.Set(name, value)
	}
	if o.compressed {
		request.Header.Set("Accept-Encoding", "gzip")
	}
	return request
}

// Reads the whole body; `middle` is called once when a quarter of a MiB is there.
func read(response *http.Response, middle func()) (answer, error) {
	defer response.Body.Close()
	var source io.Reader = response.Body
	if response.Header.Get("Content-Encoding") == "gzip" {
		plain, err := gzip.NewReader(source)
		if err != nil {
			return answer{}, err
		}
		source = plain
	}
	hash := sha256.New()
	size := 0
	chunk := make([]byte, 64<<10)
	for {
		n, err := source.Read(chunk)
		hash.Write(chunk[:n])
		size += n
		if middle != nil && size >= 256<<10 {
			middle()
			middle = nil
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return answer{}, fmt.Errorf("after %d bytes: %w", size, err)
		}
	}
	headers := map[string]string{}
	for name, values := range response.Header {
		headers[strings.ToLower(name)] = values[len(values)-1]
	}
	if response.ContentLength >= 0 && headers["content-length"] == "" {
		headers["content-length"] = fmt.Sprint(response.ContentLength)
	}
	protocol := map[string]string{"HTTP/2.0": "HTTP/2", "HTTP/3.0": "HTTP/3"}[response.Proto]
	if protocol == "" {
		protocol = response.Proto
	}
	return answer{Status: response.StatusCode, Protocol: protocol, Headers: headers, Size: size,
		Sha256: fmt.Sprintf("%x", hash.Sum(nil))}, nil
}

func main() {
	log.SetFlags(0)
	o := parse()
	ask := tcpClient(&o)
	if o.protocol == "h3" {
		client := quicClient(&o)
		defer client.close()
		ask = client.ask
	}
	var lock sync.Mutex
	once := func(i int) {
		said, err := ask(i)
		if err != nil {
			log.Fatal(err)
		}
		line, _ := json.Marshal(said)
		lock.Lock()
		fmt.Println(string(line))
		lock.Unlock()
	}
	if !o.parallel {
		for i := range o.count {
			once(i)
		}
		return
	}
	var all sync.WaitGroup
	for i := range o.count {
		all.Add(1)
		go func() { defer all.Done(); once(i) }()
	}
	all.Wait()
}
