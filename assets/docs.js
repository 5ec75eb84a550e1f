// The API page: swagger-ui shows this worker's OpenAPI description, without the online validator.

window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // The browser keeps the token in this tab only.
  persistAuthorization: false,
});
