"""The carriers: one module each behind the port in carriers.port."""
