import { Script } from '../../platform/redis/index.js';

/** The steps of admission, as Lua in a folder. */
export class AdmissionSteps {
  readonly enter: Script;
  readonly admit: Script;
  readonly leave: Script;
  readonly place: Script;
  readonly again: Script;
  readonly hedge: Script;
  readonly depart: Script;
  readonly settle: Script;
  readonly renew: Script;
  readonly forget: Script;
  readonly waiting: Script;

  constructor(folder: URL) {
    const budget = new URL('budget.lua', folder);
    const fairQueue = new URL('fair-queue.lua', folder);
    const room = new URL('room.lua', folder);
    const roomKept = new URL('room-kept.lua', folder);
    const claims = new URL('claims.lua', folder);
    const standing = new URL('standing.lua', folder);
    const forecast = new URL('forecast.lua', folder);
    const step = (name: string, ...parts: readonly URL[]): Script => new Script(new URL(`${name}-1.lua`, folder), parts);
    this.enter = step('enter', budget, fairQueue, standing, forecast, room, claims);
    this.admit = step('admit', budget, fairQueue, room, roomKept, claims);
    this.leave = step('leave', budget, fairQueue);
    this.place = step('place', budget, fairQueue, standing, forecast);
    this.again = step('again', budget, room, claims);
    this.hedge = step('hedge', budget, fairQueue, room, claims);
    this.depart = step('depart', budget);
    this.settle = step('settle', budget);
    this.renew = step('renew', budget);
    this.forget = step('forget', budget);
    this.waiting = step('waiting');
  }
}
