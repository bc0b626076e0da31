print("pingwatch")
