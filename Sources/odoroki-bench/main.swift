print("odoroki-bench")
