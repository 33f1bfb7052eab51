package stacktest

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/trefoil-tre/trefoil/internal/local/stack"
)

// Everything is all that the product keeps in an account and that it sent: rows
// of tables, blobs, waiting messages, and mails, by where it was found. A test
// that looks for what must not be there looks here.
func (r *Rig) Everything(ctx context.Context) (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, name := range []string{stack.HostAccount, stack.StateAccount} {
		account := r.Account(name)
		for _, read := range []func(context.Context, string, map[string][]byte) error{r.rows, r.blobs, r.messages} {
			if err := read(ctx, account, all); err != nil {
				return nil, fmt.Errorf("account %s: %w", account, err)
			}
		}
	}
	for _, m := range r.Inbox.Mails() {
		all[fmt.Sprint("mail ", m.N)] = []byte(m.Raw + m.Subject + m.Text + m.HTML)
	}
	return all, nil
}

func (r *Rig) rows(ctx context.Context, account string, all map[string][]byte) error {
	service, err := aztables.NewServiceClientFromConnectionString(r.Direct.ConnectionString(account), nil)
	if err != nil {
		return err
	}
	for tables := service.NewListTablesPager(nil); tables.More(); {
		page, err := tables.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, table := range page.Tables {
			for rows := service.NewClient(*table.Name).NewListEntitiesPager(nil); rows.More(); {
				found, err := rows.NextPage(ctx)
				if err != nil {
					return err
				}
				for i, row := range found.Entities {
					all[fmt.Sprintf("table %s/%s row %d %.80s", account, *table.Name, i, row)] = row
				}
			}
		}
	}
	return nil
}

func (r *Rig) blobs(ctx context.Context, account string, all map[string][]byte) error {
	client, err := r.Blobs(account)
	if err != nil {
		return err
	}
	for containers := client.NewListContainersPager(nil); containers.More(); {
		page, err := containers.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, box := range page.ContainerItems {
			for names := client.NewListBlobsFlatPager(*box.Name, nil); names.More(); {
				found, err := names.NextPage(ctx)
				if err != nil {
					return err
				}
				for _, item := range found.Segment.BlobItems {
					blob, err := client.DownloadStream(ctx, *box.Name, *item.Name, nil)
					if err != nil {
						continue // gone meanwhile
					}
					content, err := io.ReadAll(blob.Body)
					if err != nil {
						return err
					}
					all["blob "+account+"/"+*box.Name+"/"+*item.Name] = content
				}
			}
		}
	}
	return nil
}

func (r *Rig) messages(ctx context.Context, account string, all map[string][]byte) error {
	service, err := azqueue.NewServiceClientFromConnectionString(r.Direct.ConnectionString(account), nil)
	if err != nil {
		return err
	}
	most := int32(32)
	for queues := service.NewListQueuesPager(nil); queues.More(); {
		page, err := queues.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, queue := range page.Queues {
			waiting, err := service.NewQueueClient(*queue.Name).PeekMessages(ctx, &azqueue.PeekMessagesOptions{NumberOfMessages: &most})
			if err != nil {
				continue // gone meanwhile
			}
			for i, m := range waiting.Messages {
				text := []byte(*m.MessageText)
				if plain, err := base64.StdEncoding.DecodeString(*m.MessageText); err == nil {
					text = plain
				}
				all[fmt.Sprintf("queue %s/%s %d", account, *queue.Name, i)] = text
			}
		}
	}
	return nil
}
