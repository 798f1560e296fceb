"""A local Label Studio: its own environment, its database, its accounts, and the process that serves it on the loopback alone.

    installation = prepare(Path(".label-studio"))
    with Server(installation, people, port=8080) as server:
        print(server.url, server.accounts)
        server.wait()

Code of this package runs in this project's interpreter, except `inside/`, which runs in Label Studio's.
"""
