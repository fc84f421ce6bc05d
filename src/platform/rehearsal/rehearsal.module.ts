import { Global, Module } from '@nestjs/common';
import { Stage } from './stage.js';

@Global()
@Module({ providers: [{ provide: Stage, useFactory: () => new Stage() }], exports: [Stage] })
export class RehearsalModule {}
