// First tests land here.
