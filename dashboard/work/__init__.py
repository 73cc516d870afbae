"""Work in other processes: the server imports no torch; files are opened there first."""
