"""The only composer: data + features + encoder -> run, and run + images -> predictions."""
