package gateway_test

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
)

// BenchmarkUpload compares uploads with and without the gateway: what it costs a small file, and a large one.
func BenchmarkUpload(b *testing.B) {
	e := azuritetest.Start(b)
	g, err := gateway.Start(gateway.Config{Upstream: e.Blob, Accounts: e.Accounts})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { g.Close() })
	for name, connection := range map[string]string{
		"direct": e.ConnectionString(account), "gateway": e.WithBlob(g.URL()).ConnectionString(account),
	} {
		client, err := azblob.NewClientFromConnectionString(connection, nil)
		if err != nil {
			b.Fatal(err)
		}
		box := "bench-" + azuritetest.Suffix(b)
		if _, err := client.CreateContainer(b.Context(), box, nil); err != nil {
			b.Fatal(err)
		}
		for size, bytes := range map[string]int{"1KB": 1 << 10, "16MB": 16 << 20} {
			b.Run(name+"/"+size, func(b *testing.B) {
				content := make([]byte, bytes)
				b.SetBytes(int64(bytes))
				for b.Loop() {
					if _, err := client.UploadBuffer(b.Context(), box, "blob", content, nil); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		if _, err := client.DeleteContainer(b.Context(), box, nil); err != nil {
			b.Fatal(err)
		}
	}
}
