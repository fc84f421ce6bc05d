import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';

/** The OpenAPI document of the whole API, generated from the routes' own declarations. */
export function makeDocument(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Bailiao 百聊')
    .setDescription('Multi-tenant, white-label AI chat for WeChat mini-programs. Errors have one body everywhere; lists are cursor-paged; times are RFC 3339 UTC. Clients may send X-Client-Platform (ios, android, other): a tenant can call its models by other names there.')
    .setVersion('1')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An access token of POST /v1/auth/wechat.' }, 'login')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key (bk_…) of POST /v1/api-keys.' }, 'api_key')
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'A token of POST /admin/v1/auth/login.' }, 'staff')
    .build();
  return SwaggerModule.createDocument(app, config);
}

/** `/docs` for people, `/docs/openapi.json` for programs. */
export async function serveDocs(app: NestFastifyApplication): Promise<void> {
  SwaggerModule.setup('docs', app, () => makeDocument(app), { jsonDocumentUrl: 'docs/openapi.json', customSiteTitle: 'Bailiao API' });
}
