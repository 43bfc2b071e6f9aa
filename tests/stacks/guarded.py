"""Settings that the environments of the repository do not set: limits on callers of the API, code signing."""

import json

OTHER_ACCOUNT = "111122223333"
VPC_ENDPOINT = "vpce-0123456789abcdef0"
GUARDED = {
    "fraud-edge:callers": json.dumps(
        {
            "accounts": [OTHER_ACCOUNT],
            "vpcEndpoints": [VPC_ENDPOINT],
            "addressRanges": ["10.0.0.0/16", "2001:db8::/32"],
        }
    ),
    "fraud-edge:consumers": json.dumps({"checkout": ["transactions"], "chargebacks": ["labels"]}),
    "fraud-edge:consumerPrincipals": json.dumps(
        {"checkout": [OTHER_ACCOUNT, f"arn:aws:iam::{OTHER_ACCOUNT}:role/checkout"]}
    ),
    "fraud-edge:consumerExternalIds": json.dumps({"checkout": "order-4711"}),
    "fraud-edge:firewallRequestsPerMinute": "6000",
}
SIGNED = {f"fraud-{layer}:codeSigning": "true" for layer in ("foundation", "processing", "edge")}
