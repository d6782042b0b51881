import assert from "node:assert/strict";
import { it } from "node:test";
import { isForbiddenAddress, isForbiddenName, isLoopbackAddress } from "../../../scripts/bench/forbidden-addresses.ts";

it("metadata services of all clouds are never called", () => {
  for (const address of [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "169.254.0.23",
    "100.100.100.200",
    "100.96.0.96",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
    "fd00:a9fe:a9fe::1",
    "fe80::a9fe:a9fe",
    "0.0.0.0",
    "::",
    "224.0.0.1",
  ])
    assert.ok(isForbiddenAddress(address), address);
  for (const name of ["metadata.google.internal", "METADATA.goog.", "instance-data", "metadata.tencentyun.com"])
    assert.ok(isForbiddenName(name), name);
});

it("nor through an address of IPv6 that wraps one of IPv4", () => {
  for (const address of [
    "::ffff:169.254.169.254",
    "::ffff:a9fe:a9fe",
    "::169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "64:ff9b:1:a9fe:a9:fe00::",
    "64:ff9b:1:a9:fe:a9fe::",
    "64:ff9b:1:7:a9:fea9:fe00:0",
    "64:ff9b::6464:64c8",
    "64:ff9b::127.0.0.1",
    "64:ff9b::0.0.0.0",
    "::ffff:0.0.0.0",
    "::224.0.0.1",
    "2002:a9fe:a9fe::1",
    "2002:7f00:1::",
    "2001:0:a9fe:a9fe::1",
    "2001:db8::5efe:a9fe:a9fe",
    "2001:db8::200:5efe:a9fe:a9fe",
    "fe80::1%eth0",
  ])
    assert.ok(isForbiddenAddress(address), address);
});

it("other machines are a matter of permission, and this one is free", () => {
  for (const address of [
    "10.0.0.1",
    "192.0.2.7",
    "8.8.8.8",
    "2600::1",
    "64:ff9b::192.0.2.7",
    "64:ff9b:1::192.0.2.7",
    "fd00:ec3::1",
  ])
    assert.ok(!isForbiddenAddress(address), address);
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    assert.ok(!isForbiddenAddress(address), address);
    assert.ok(isLoopbackAddress(address), address);
  }
  assert.ok(!isLoopbackAddress("10.0.0.1"));
});
