// Package gateway is the storage gateway: it stands before Azurite's blob service, passes everything through
// unchanged, and adds what Azure has and Azurite lacks: events for created and deleted blobs, Put Blob From URL and
// Put Block From URL, names of deleted containers that cannot be taken again at once, and failures on demand.
//
// Who may call Put Blob From URL is decided as follows. A SharedKey signature is verified here, because the
// gateway's own requests carry other headers and so cannot carry it. Any other credential (a SAS, a token) is first
// put to the test by Azurite itself: the same credential on a write to the same blob under a condition that no blob
// meets. Azurite judges the credential before the condition, so 403 means no, and 412 or 404 mean yes, with nothing
// changed. The bytes are then written with that same credential, or, after SharedKey, with an account SAS.
package gateway
