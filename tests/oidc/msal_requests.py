"""Asks a provider for tokens with MSAL, once for each grant, so that its requests can be compared with others.

usage: msal_requests.py BASE KEY CERTIFICATE CODE VERIFIER REDIRECT_URI USER_TOKEN CLAIMS
MSAL talks to https only; the transport here takes its requests to the provider as they are.
"""

import sys

import msal
import requests

BASE, KEY, CERTIFICATE, CODE, VERIFIER, REDIRECT_URI, USER_TOKEN, CLAIMS = sys.argv[1:]
AUTHORITY = "https://login.microsoftonline.com/contoso.onmicrosoft.com"
GRAPH = ["https://graph.microsoft.com/.default"]


class Transport:
    """Sends what is meant for the authority to the provider."""

    def __init__(self):
        self.session = requests.Session()

    def _send(self, method, url, **options):
        local = url.replace("https://login.microsoftonline.com", BASE)
        options = {name: value for name, value in options.items() if name in ("data", "params", "headers")}
        # The provider takes these for its own address, as it would behind a proxy.
        options["headers"] = {**(options.get("headers") or {}), "Host": "login.microsoftonline.com", "X-Forwarded-Proto": "https"}
        response = self.session.request(method, local, **options)
        response._content = response.content.replace(BASE.encode(), b"https://login.microsoftonline.com")
        return response

    def get(self, url, **options):
        return self._send("GET", url, **options)

    def post(self, url, **options):
        return self._send("POST", url, **options)

    def close(self):
        self.session.close()


def options(**more):
    return dict(authority=AUTHORITY, http_client=Transport(), instance_discovery=False, validate_authority=False, **more)


def check(what, result):
    if "access_token" not in result:
        sys.exit(f"{what}: {result}")
    return result


def main():
    daemon = msal.ConfidentialClientApplication("daemon-secret", client_credential="d4emon~secret+value", **options())
    check("secret", daemon.acquire_token_for_client(GRAPH))

    capable = msal.ConfidentialClientApplication("daemon-secret", client_credential="d4emon~secret+value", client_capabilities=["cp1"], **options())
    check("claims", capable.acquire_token_for_client(GRAPH, claims_challenge=CLAIMS))

    certificate = {"private_key": open(KEY).read(), "public_certificate": open(CERTIFICATE).read()}
    signing = msal.ConfidentialClientApplication("daemon-certificate", client_credential=certificate, **options())
    check("certificate", signing.acquire_token_for_client(GRAPH))

    native = msal.PublicClientApplication("native", **options())
    by_code = native.client.obtain_token_by_authorization_code(
        CODE, redirect_uri=REDIRECT_URI, scope=["User.Read", "openid", "profile", "offline_access"], data={"code_verifier": VERIFIER, "client_info": 1}
    )
    check("code", by_code)
    check("refresh", native.acquire_token_by_refresh_token(by_code["refresh_token"], ["User.Read"]))

    middle = msal.ConfidentialClientApplication("middle-tier", client_credential="m1ddle~secret&value", **options())
    check("on behalf of", middle.acquire_token_on_behalf_of(USER_TOKEN, ["User.Read"]))

    flow = native.initiate_device_flow(["User.Read"])
    if "user_code" not in flow:
        sys.exit(f"device code: {flow}")
    flow["expires_at"] = 0  # one poll, answered with authorization_pending
    native.acquire_token_by_device_flow(flow)


if __name__ == "__main__":
    main()
