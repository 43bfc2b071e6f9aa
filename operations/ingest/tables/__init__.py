"""Read transactions and labels from delimited text files and Parquet files."""
