package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/quic-go/qlog"
)

// What the connection was like.
type quicState struct {
	Version uint32 `json:"version"`
	Cipher  string `json:"cipher"`
	Group   string `json:"group"`
	Resumed bool   `json:"resumed"`
	Early   bool   `json:"early"`
	Moved   bool   `json:"moved"`
}

// Without connection IDs of its own, as by default, a client cannot move.
const idLength = 8

type quicAsker struct {
	o         *options
	transport *http3.Transport
	conn      *quic.Conn
	moved     bool
}

func quicClient(o *options) *quicAsker {
	asker := &quicAsker{o: o}
	config := o.tls()
	if o.resume {
		config.ClientSessionCache = tls.NewLRUClientSessionCache(8)
	}
	settings := &quic.Config{
		TokenStore: quic.NewLRUTokenStore(8, 8),
		Tracer:     qlog.DefaultConnectionTracer, // writes where QLOGDIR says
		// A lossy network needs more than the five seconds that are the default.
		HandshakeIdleTimeout: 30 * time.Second,
		MaxIdleTimeout:       30 * time.Second,
	}
	if o.v2 {
		settings.Versions = []quic.Version{quic.Version2}
	}
	asker.transport = &http3.Transport{
		TLSClientConfig: config, QUICConfig: settings, DisableCompression: true, Dial: asker.dial,
	}
	return asker
}

func (a *quicAsker) dial(ctx context.Context, address string, config *tls.Config,
	settings *quic.Config) (*quic.Conn, error) {
	remote, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	socket, err := net.ListenUDP("udp", nil)
	if err != nil {
		return nil, err
	}
	a.conn, err = (&quic.Transport{Conn: socket, ConnectionIDLength: idLength}).DialEarly(
		ctx, remote, config, settings)
	return a.conn, err
}

// Says goodbye, so that the server knows at once that the last answer has come.
func (a *quicAsker) close() {
	a.transport.Close()
	time.Sleep(20 * time.Millisecond)
}

func (a *quicAsker) ask(i int) (answer, error) {
	if a.o.resume && i > 0 {
		a.transport.CloseIdleConnections()
		<-a.conn.Context().Done()
	}
	method := a.o.method
	if a.o.early && i > 0 {
		method = http3.MethodGet0RTT
	}
	ctx, cancel := context.WithTimeout(context.Background(), a.o.timeout)
	defer cancel()
	response, err := a.transport.RoundTrip(a.o.request(method).WithContext(ctx))
	if err != nil {
		return answer{}, err
	}
	said, err := a.read(response)
	if err != nil {
		return said, err
	}
	select { // early data is known to be accepted, or not, only then
	case <-a.conn.HandshakeComplete():
	case <-ctx.Done():
		return said, ctx.Err()
	}
	state := a.conn.ConnectionState()
	said.Quic = &quicState{Version: uint32(state.Version), Resumed: state.TLS.DidResume,
		Cipher: tls.CipherSuiteName(state.TLS.CipherSuite), Group: state.TLS.CurveID.String(),
		Early: state.Used0RTT, Moved: a.moved}
	if a.o.resume { // the ticket may come after the answer
		time.Sleep(100 * time.Millisecond)
	}
	return said, nil
}

func (a *quicAsker) read(response *http.Response) (answer, error) {
	if !a.o.migrate {
		return read(response, nil)
	}
	var failed error
	said, err := read(response, func() { failed = a.move() })
	if failed != nil {
		return said, failed
	}
	return said, err
}

// Another socket, and so another port (RFC 9000 §9.2): probed first, then used.
func (a *quicAsker) move() error {
	socket, err := net.ListenUDP("udp", nil)
	if err != nil {
		return err
	}
	path, err := a.conn.AddPath(&quic.Transport{Conn: socket, ConnectionIDLength: idLength})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := path.Probe(ctx); err != nil {
		return fmt.Errorf("the new path was not validated: %w", err)
	}
	if err := path.Switch(); err != nil {
		return err
	}
	a.moved = true
	return nil
}
