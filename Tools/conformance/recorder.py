"""Servers of this machine that record what is sent to them: a target of webhooks, a provider of payments."""
import hashlib
import hmac
import http.server
import json
import threading
import time
import urllib.parse

from harness import send


class Recorder(http.server.ThreadingHTTPServer):
    """A server that records what is sent to it, and answers as it is told."""

    daemon_threads = True

    def __init__(self, answer):
        self.requests, self.guard, outer = [], threading.Lock(), self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                with outer.guard:
                    outer.requests.append((self.path, dict(self.headers), body, time.time()))
                    status, value = answer(self.path, dict(self.headers), body, len(outer.requests))
                data = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def origin(self):
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class PaymentProvider(Recorder):
    """Stands in for Stripe: gives out sessions, and sends the events of payments."""

    def __init__(self):
        super().__init__(lambda path, headers, body, count: (200, {
            "id": f"cs_test_{count}", "object": "checkout.session", "url": f"https://pay.example/{count}"}))

    @property
    def fields(self):
        """The forms that were sent, in order."""
        return [dict(urllib.parse.parse_qsl(body.decode())) for _, _, body, _ in self.requests]

    @staticmethod
    def deliver(origin, secret, event, session, fields, cents, signed_by=None, moment=None):
        """Tells the platform that a session was paid; returns its answer."""
        value = {"id": event, "object": "event", "type": "checkout.session.completed", "created": int(time.time()), "data": {"object": {
            "id": session, "object": "checkout.session", "mode": "payment", "payment_status": "paid", "status": "complete",
            "amount_total": cents, "amount_subtotal": cents, "currency": "usd", "customer": "cus_1", "payment_intent": f"pi_{session}",
            "client_reference_id": fields.get("client_reference_id"),
            "metadata": {k[9:-1]: v for k, v in fields.items() if k.startswith("metadata[")}}}}
        text, moment = json.dumps(value), int(moment or time.time())
        code = hmac.new((signed_by or secret).encode(), f"{moment}.{text}".encode(), hashlib.sha256).hexdigest()
        return send(origin, "POST", "/api/billing/provider-events", text.encode(), {
            "Content-Type": "application/json", "Stripe-Signature": f"t={moment},v1={code}"})
