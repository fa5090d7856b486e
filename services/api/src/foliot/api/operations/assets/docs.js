// The viewer asks nobody but this server: no validator, and no key is kept.
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#ui",
  validatorUrl: null,
  persistAuthorization: false,
  deepLinking: true,
  tryItOutEnabled: false,
});
