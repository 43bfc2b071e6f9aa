"""A reference API with a function that does nothing, for the measurement of the pipeline's API."""

import io
import zipfile

from local.endpoint import EmulatorEndpoint

# The function prints a character, because the emulator waits longer for a function that prints nothing.
FUNCTION_CODE = "def handle(event, context):\n    print('x')\n    return {'statusCode': 201, 'body': '{}'}\n"


def create_reference_api(endpoint: EmulatorEndpoint) -> str:
    """Create an API with IAM authorization and a function that does nothing; returns the URL to POST to."""
    functions, gateway = endpoint.client("lambda"), endpoint.client("apigateway")
    role = endpoint.client("iam").create_role(RoleName="trivial", AssumeRolePolicyDocument="{}")
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("trivial.py", FUNCTION_CODE)
    arn = functions.create_function(
        FunctionName="trivial",
        Runtime="python3.11",
        Handler="trivial.handle",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": code.getvalue()},
    )["FunctionArn"]
    api = gateway.create_rest_api(name="trivial")["id"]
    root = gateway.get_resources(restApiId=api)["items"][0]["id"]
    resource = gateway.create_resource(restApiId=api, parentId=root, pathPart="trivial")["id"]
    method = {"restApiId": api, "resourceId": resource, "httpMethod": "POST"}
    gateway.put_method(**method, authorizationType="AWS_IAM")
    uri = f"arn:aws:apigateway:{endpoint.region}:lambda:path/2015-03-31/functions/{arn}/invocations"
    gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    gateway.create_deployment(restApiId=api, stageName="local")
    return f"{endpoint.url}/_aws/execute-api/{api}/local/trivial"
