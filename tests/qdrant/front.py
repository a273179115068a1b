# SPDX-License-Identifier: BSD-2-Clause
"""HTTP: connections, requests in, answers out."""

import email.utils
import http.server
import os
import socketserver
import time
import traceback
import zlib

from . import envelope
from .envelope import Refusal, Stream
from .faults import Broken, Raw, hold
from .files import FileAnswer
from .multipart import Unclosed
from .request import Body, Cut, Request

IDLE = 5            # seconds of silence, and for the head of a request
BLOCK = 1 << 20
DRAINED = 64 << 20   # of a body that is not wanted
VARY = 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers'


class Front(socketserver.ThreadingMixIn, http.server.HTTPServer):
    """The port of one node; `handle(request)` makes the answers."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, handle):
        self.handle_call = handle
        super().__init__(('127.0.0.1', port), Connection)

    def server_bind(self):
        """Without asking what our host is called: that may take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address

    def handle_error(self, request, client_address):
        """A mistake of ours: the connection ends, the log tells."""
        traceback.print_exc()


class Connection(http.server.BaseHTTPRequestHandler):
    """One connection, request after request."""

    protocol_version = 'HTTP/1.1'
    timeout = IDLE
    rbufsize = 1 << 16
    disable_nagle_algorithm = True

    def handle_one_request(self):
        """The head by the standard library, all else here."""
        self.close_connection = True
        try:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline:
                return
            if self.parse_request():
                self.connection.settimeout(None)
                self.answer()
                self.connection.settimeout(IDLE)
        except TimeoutError:
            if self.raw_requestline:
                self.send(envelope.Answer(408), None)
        except (Cut, ConnectionError, Broken):
            self.close_connection = True
        except Unclosed:
            self.wait_for_more()

    def answer(self):
        """Handle the request and send what comes of it."""
        headers = {name.lower(): value for name, value in
                   self.headers.items()}
        request = Request(self.command, self.path, headers,
                          Body(self.rfile, headers))
        answer = self.server.handle_call(request)
        self.drain(request.body, answer.status)
        self.send(answer, request)

    def wait_for_more(self):
        """A body without its end gets no answer."""
        try:
            hold(self)
        except (Broken, OSError):
            self.close_connection = True

    def drain(self, body, status):
        """Read the rest of the body. With a long one that was refused for
        the key the connection ends instead, and the client may see a broken
        pipe before the answer."""
        if body.done:
            return
        most = BLOCK if status in (401, 403) else DRAINED
        if body.length is None or body.left > most:
            self.close_connection = True
            return
        block = memoryview(bytearray(BLOCK))
        while body.readinto(block):
            pass

    # ---- sending ----

    def head(self, answer, length, extra=()):
        """The status line and all headers."""
        self.send_response_only(answer.status)
        if length is not None:
            self.send_header('content-length', str(length))
        for name, value in extra:
            self.send_header(name, value)
        packed = ('content-encoding', 'gzip') in extra
        self.send_header('vary', f'accept-encoding, {VARY}' if packed
                         else VARY)
        if answer.content_type:
            self.send_header('content-type', answer.content_type)
        for name, value in answer.headers:
            self.send_header(name, value)
        self.send_header('date', email.utils.formatdate(usegmt=True))
        self.end_headers()

    def log_message(self, *_args):
        """Nothing to tell; the server keeps a record of all requests."""

    def send(self, answer, request):
        """Whatever kind of answer it is."""
        fault = getattr(answer, 'fault', None)
        out = fault.sender(self) if fault else self.wfile.write
        if answer.close:
            self.close_connection = True
        if isinstance(answer, Raw):
            answer.run(self)
        elif isinstance(answer, Stream):
            self.head(answer, None, [('transfer-encoding', 'chunked')])
            self.send_chunks(answer.pieces, out)
        elif self.is_packed(answer, request):
            self.head(answer, None, [('transfer-encoding', 'chunked'),
                                     ('content-encoding', 'gzip')])
            self.send_chunks(_packed(_pieces(answer)), out)
        elif isinstance(answer, FileAnswer):
            self.head(answer, None if answer.status == 304 else answer.length)
            self.send_file(answer, out if fault else None)
        else:
            self.head(answer, len(answer.body))
            out(answer.body)

    @staticmethod
    def is_packed(answer, request):
        """gzip when it is asked for, but never a part of a file."""
        return request is not None and answer.status == 200 and \
            'gzip' in request.headers.get('accept-encoding', '')

    def send_file(self, answer, out):
        """By the kernel, but where a fault has a hand in it."""
        with answer.file:
            if out is not None:
                for piece in _pieces(answer):
                    out(piece)
                return
            offset, left = answer.start, answer.length
            while left > 0:
                count = os.sendfile(self.connection.fileno(),
                                    answer.file.fileno(), offset,
                                    min(left, 64 << 20))
                if not count:
                    raise ConnectionError('the file became shorter')
                offset, left = offset + count, left - count

    @staticmethod
    def send_chunks(pieces, out):
        """As chunks of the size that they have."""
        for piece in pieces:
            if piece:
                out(b'%x\r\n%b\r\n' % (len(piece), piece))
        out(b'0\r\n\r\n')


def _pieces(answer):
    if not isinstance(answer, FileAnswer):
        yield answer.body
        return
    with answer.file as file:
        file.seek(answer.start)
        left = answer.length
        while left > 0:
            piece = file.read(min(left, 1 << 16))
            if not piece:
                return
            left -= len(piece)
            yield piece


def _packed(pieces):
    packer = zlib.compressobj(1, wbits=31)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def clocked(work):
    """Call `work`, and put the result or the refusal into its envelope."""
    since = time.monotonic()
    try:
        value = work()
    except Refusal as error:
        return envelope.refusal(error, time.monotonic() - since)
    except (Cut, Unclosed, Broken, ConnectionError):
        raise
    except Exception as error:      # of the engine: these have no class
        traceback.print_exc()
        return envelope.refusal(envelope.internal(error),
                                time.monotonic() - since)
    if isinstance(value, envelope.Answer):
        return value
    return envelope.result(value, time.monotonic() - since)
