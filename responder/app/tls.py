"""The certificate that we serve with, and how we know ourselves by it."""

import ssl

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from responder.settings import Settings


def serving(settings: Settings) -> ssl.SSLContext | None:
    """What a server of ours speaks; None: plain HTTP."""
    certificate, key = settings.server.tls_certificate_file, settings.server.tls_key_file
    if certificate is None or key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context


def ourselves(settings: Settings) -> ssl.SSLContext | None:
    """For requests to our own servers by 127.0.0.1, a name that their certificate does not have.

    That one certificate is trusted, under any name, and no authority is.
    """
    certificate = settings.server.tls_certificate_file
    if certificate is None:
        return None
    ours = x509.load_pem_x509_certificate(certificate.read_bytes())
    context = ssl.create_default_context(cadata=ours.public_bytes(Encoding.PEM).decode())
    context.check_hostname = False
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context
