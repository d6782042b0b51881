import assert from "node:assert/strict";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import { makeCertificate } from "../../emulator/certificate.ts";

describe("makeCertificate", () => {
  it("certifies loopback and the host, signs itself and fits its key", async () => {
    const { certPem, keyPem } = await makeCertificate("10.1.2.3");
    const certificate = new X509Certificate(certPem);
    assert.equal(certificate.checkIP("127.0.0.1"), "127.0.0.1");
    assert.equal(certificate.checkIP("10.1.2.3"), "10.1.2.3");
    assert.equal(certificate.checkHost("localhost"), "localhost");
    assert.equal(certificate.verify(certificate.publicKey), true);
    assert.equal(certificate.checkPrivateKey(createPrivateKey(keyPem)), true);
    assert.ok(Date.parse(certificate.validFrom) < Date.now() && Date.parse(certificate.validTo) > Date.now());
  });
});
