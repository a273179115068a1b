# SPDX-License-Identifier: BSD-2-Clause
"""python3 -m qdrant FOLDER SETTINGS

Serve what is in FOLDER until the process is ended. SETTINGS is a JSON object:
api_key and read_only_api_key (without api_key no key is needed), nodes,
ports. FOLDER/ports tells where it listens, once it does.
"""

import json
import os
import signal
import sys

from .control import Port
from .server import Server


def main():
    """Start, tell where, and sleep."""
    folder = os.path.realpath(sys.argv[1])
    settings = json.loads(sys.argv[2])
    server = Server(folder, settings, settings.get('nodes', 1),
                    settings.get('ports'))
    control = Port(server)
    server.serve()
    control.serve()
    with open(f'{folder}/ports.new', 'w', encoding='ascii') as file:
        json.dump({'ports': server.ports,
                   'control': control.server_address[1]}, file)
    os.replace(f'{folder}/ports.new', f'{folder}/ports')
    signal.pause()


if __name__ == '__main__':
    main()
