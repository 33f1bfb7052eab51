package defender

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
)

// askClamd streams the content to clamd and returns the name of what it found, empty for nothing.
// Protocol: https://docs.clamav.net/manual/Usage/Scanning.html and clamd(8), INSTREAM
func askClamd(ctx context.Context, address string, content io.Reader) (string, error) {
	network := "tcp"
	if strings.HasPrefix(address, "/") {
		network = "unix"
	}
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return "", fmt.Errorf("clamd: %w", err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	// clamd may stop listening in the middle of a stream; why, it says in its answer.
	sendErr := stream(conn, content)
	reply, err := bufio.NewReader(conn).ReadString(0)
	if err != nil {
		return "", errors.Join(fmt.Errorf("clamd: %w", err), sendErr)
	}
	return parseReply(reply, sendErr)
}

// stream sends chunks with their lengths, and an empty one at the end.
func stream(conn io.Writer, content io.Reader) error {
	const chunk = 64 << 10
	if _, err := io.WriteString(conn, "zINSTREAM\x00"); err != nil {
		return err
	}
	buffer := make([]byte, 4+chunk)
	for {
		n, err := content.Read(buffer[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(buffer, uint32(n))
			if _, err := conn.Write(buffer[:4+n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			_, err := conn.Write([]byte{0, 0, 0, 0})
			return err
		}
		if err != nil {
			return err
		}
	}
}

// parseReply reads "stream: OK", "stream: <name> FOUND" or an error.
func parseReply(reply string, sendErr error) (string, error) {
	result := strings.TrimPrefix(strings.Trim(reply, "\x00\n"), "stream: ")
	if name, found := strings.CutSuffix(result, " FOUND"); found {
		return name, nil
	}
	if result == "OK" && sendErr == nil {
		return "", nil
	}
	return "", errors.Join(fmt.Errorf("clamd answers %q", result), sendErr)
}
