"""A real SMTP server for tests: aiosmtpd on a free port.

Usage: server.py MODE [CERTIFICATE KEY]. Writes its port, then a line of JSON for each mail that it
takes. Modes: plain, starttls (required), implicit, auth (STARTTLS and a password required), drop
(takes the text and hangs up without a word), busy (does not take the text). Recipients named `nobody` are refused in every mode. Ends when
its standard input is closed.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

MODE = sys.argv[1]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 there is nobody of this name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "text": envelope.content.decode("utf-8", "replace"),
            "tls": session.ssl is not None or MODE == "implicit",
            "user": session.auth_data,
        }
        print(json.dumps(mail), flush=True)
        if MODE == "drop":
            server.transport.abort()
            await asyncio.Event().wait()
        if MODE == "busy":
            return "451 4.3.0 come again later"
        return "250 2.0.0 taken"


def sign_in(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data == LoginPassword(b"agent", b"hunter2-hunter2")
    return AuthResult(success=good, handled=False, auth_data="agent" if good else None)


async def main():
    context = None
    if len(sys.argv) > 2:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(sys.argv[2], sys.argv[3])
    starttls = context if MODE in ("starttls", "auth") else None
    auth = {"authenticator": sign_in, "auth_required": True} if MODE == "auth" else {}

    def protocol():
        return SMTP(Handler(), tls_context=starttls, require_starttls=starttls is not None, **auth)

    loop = asyncio.get_running_loop()
    wrapped = context if MODE == "implicit" else None
    server = await loop.create_server(protocol, "127.0.0.1", 0, ssl=wrapped)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
