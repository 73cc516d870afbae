"""The only composer: data + features + regressor -> run, and run + images -> predictions."""
