"""The pages. Each reads the selection, calls services, and hands results to panels."""
