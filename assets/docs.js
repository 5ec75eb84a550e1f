// The reading page: swagger-ui over the description that this worker serves. No badge of a validator elsewhere.

window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  // A token stays in this tab, and goes with it.
  persistAuthorization: false,
});
