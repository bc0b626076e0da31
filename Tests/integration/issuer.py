"""A small issuer by OpenID Connect, which says what a test wants."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

CLIENT, CLIENT_SECRET = "hub", "it's a s%cret&"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Key:
    def __init__(self, algorithm: str = "RS256") -> None:
        self.algorithm, self.id = algorithm, secrets.token_hex(4)
        if algorithm == "RS256":
            self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        else:
            self.private = ec.generate_private_key(ec.SECP256R1())

    @property
    def jwk(self) -> dict:
        numbers = self.private.public_key().public_numbers()
        common = {"kid": self.id, "use": "sig", "alg": self.algorithm}
        if self.algorithm == "RS256":
            return {**common, "kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        return {**common, "kty": "EC", "crv": "P-256", "x": b64(numbers.x.to_bytes(32, "big")), "y": b64(numbers.y.to_bytes(32, "big"))}

    def sign(self, message: bytes) -> bytes:
        if self.algorithm == "RS256":
            return self.private.sign(message, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self.private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Issuer:
    def __init__(self) -> None:
        self.keys = [Key()]
        self.codes: dict[str, dict] = {}
        self.asked: list[str] = []
        self.claimed_issuer: str | None = None
        self.methods = ["client_secret_basic"]
        self.lock = threading.Lock()
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.answer(self, issuer.get(self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                issuer.answer(self, issuer.post(self.path, dict(urllib.parse.parse_qsl(body)), self.headers.get("Authorization")))

            def log_message(self, *_) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @staticmethod
    def answer(handler: BaseHTTPRequestHandler, answer: dict | None) -> None:
        body = json.dumps(answer or {"error": "invalid_grant"}).encode()
        handler.send_response(200 if answer else 400)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def get(self, path: str) -> dict | None:
        with self.lock:
            self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.claimed_issuer or self.url, "authorization_endpoint": f"{self.url}/authorize?tenant=1", "token_endpoint": f"{self.url}/token",
                "jwks_uri": f"{self.url}/keys", "token_endpoint_auth_methods_supported": self.methods}
        return {"keys": [key.jwk for key in self.keys]} if path == "/keys" else None

    def authorize(self, url: str, **claims) -> str:
        """What a person does there: they come with the hub's link, and go back with a code."""
        assert url.startswith(f"{self.url}/authorize?tenant=1&")
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
        assert (query["response_type"], query["client_id"], query["code_challenge_method"]) == ("code", CLIENT, "S256")
        assert query["redirect_uri"] == "https://hub.example.org/" and "openid" in query["scope"].split()
        code = secrets.token_urlsafe()
        self.codes[code] = {"query": query, "claims": {"nonce": query["nonce"], **claims}}
        return code

    def post(self, path: str, form: dict, login: str | None) -> dict | None:
        with self.lock:
            grant = self.codes.pop(form.get("code", ""), None)
        if path != "/token" or grant is None or form["grant_type"] != "authorization_code":
            return None
        if self.methods == ["client_secret_basic"]:
            name, password = base64.b64decode(login.removeprefix("Basic ")).decode().split(":")
            given = urllib.parse.unquote(name), urllib.parse.unquote(password)
        else:
            given = form["client_id"], form["client_secret"]
        challenge = b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if given != (CLIENT, CLIENT_SECRET) or challenge != grant["query"]["code_challenge"] or form["redirect_uri"] != grant["query"]["redirect_uri"]:
            return None
        return {"access_token": "x", "token_type": "Bearer", "id_token": self.token(**grant["claims"])}

    def claims(self, **more) -> dict:
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "sub": "person", "iat": now, "exp": now + 300, **more}
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, *, key: Key | None = None, header: dict | None = None, signature: bytes | None = None, **claims) -> str:
        key = key or self.keys[-1]
        head = {"alg": key.algorithm, "kid": key.id, "typ": "JWT", **(header or {})}
        head = {name: value for name, value in head.items() if value is not None}
        message = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(self.claims(**claims)).encode())}"
        return f"{message}.{b64(key.sign(message.encode()) if signature is None else signature)}"

    def forged_by_public_key(self, **claims) -> str:
        """Algorithm confusion: the public key, which everybody has, as the secret of an HMAC."""
        head = {"alg": "HS256", "kid": self.keys[-1].id}
        message = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(self.claims(**claims)).encode())}"
        secret = json.dumps(self.keys[-1].jwk).encode()
        return f"{message}.{b64(hmac.digest(secret, message.encode(), hashlib.sha256))}"
