package defender

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// EICAR is the test file that every scanner reports. It stands here in two parts, so that no scanner reports this
// source file.
// Source: https://www.eicar.org/download-anti-malware-testfile/
const EICAR = `X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD` + `-ANTIVIRUS-TEST-FILE!$H+H*`

// eicarName is what Defender calls it.
const eicarName = "Virus:DOS/EICAR_Test_File"

// inspect reads the content once, hashing it and asking clamd or looking for EICAR.
func (d *Defender) inspect(ctx context.Context, content io.Reader) (verdict, error) {
	hash := sha256.New()
	content = io.TeeReader(content, hash)
	name, err := "", error(nil)
	if d.cfg.Clamd != "" {
		name, err = askClamd(ctx, d.cfg.Clamd, content)
	} else {
		name, err = findEICAR(content)
	}
	if err != nil {
		return verdict{}, err
	}
	if name == "" {
		return verdict{kind: NoThreats}, nil
	}
	if _, err := io.Copy(io.Discard, content); err != nil { // the hash is of the whole blob
		return verdict{}, fmt.Errorf("scanned blob: %w", err)
	}
	sum := strings.ToUpper(hex.EncodeToString(hash.Sum(nil)))
	return verdict{kind: Malicious, details: &details{MalwareNamesFound: []string{name}, SHA256: sum}}, nil
}

// findEICAR reads to the end or to EICAR, wherever it stands, in little memory.
func findEICAR(content io.Reader) (string, error) {
	const chunk = 64 << 10
	buffer := make([]byte, len(EICAR)-1+chunk)
	kept := 0 // the end of the last chunk, which may be EICAR's beginning
	for {
		n, err := content.Read(buffer[kept:])
		seen := buffer[:kept+n]
		if bytes.Contains(seen, []byte(EICAR)) {
			return eicarName, nil
		}
		if err == io.EOF {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("scanned blob: %w", err)
		}
		kept = copy(buffer, seen[max(0, len(seen)-len(EICAR)+1):])
	}
}
