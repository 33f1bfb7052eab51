package config_test

import (
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/config"
)

func TestEnvironmentKnowsNoCase(t *testing.T) {
	t.Setenv("TRE_STATE__accountName", "mixed")
	t.Setenv("tre_airlock__accountname", "lower")
	t.Setenv("TRE_AUDIT__ACCOUNTNAME", "upper")
	t.Setenv("TRE_AUDIT__accountName", "mixed")
	lookup := config.Environment()
	for name, want := range map[string]string{
		"TRE_STATE__ACCOUNTNAME": "mixed", "TRE_AIRLOCK__ACCOUNTNAME": "lower", "TRE_AUDIT__ACCOUNTNAME": "upper",
	} {
		if got, ok := lookup(name); got != want || !ok {
			t.Errorf("%s = %q, %v; want %q", name, got, ok, want)
		}
	}
	if got, ok := lookup("TRE_NOBODY_SETS_THIS"); ok {
		t.Errorf("an unset setting is %q", got)
	}
}

func TestRoots(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	certificate := server.Certificate()
	file := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	pool, err := config.Host{TrustFile: file}.Roots()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := certificate.Verify(x509.VerifyOptions{Roots: pool, DNSName: "example.com"}); err != nil {
		t.Errorf("the file's authority is not trusted: %v", err)
	}
	if pool, err := (config.Host{}).Roots(); pool != nil || err != nil {
		t.Errorf("without a file: %v, %v; want nothing", pool, err)
	}
	if err := os.WriteFile(file, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, file + ".none"} {
		if _, err := (config.Host{TrustFile: path}).Roots(); err == nil {
			t.Errorf("%s was taken", path)
		}
	}
}
