print("odoroki")
