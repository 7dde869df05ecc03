/** Doors that only this machine reaches. */
import type { Server } from 'node:http';
import { CriticalError } from '../lib/errors.ts';

export const LOOPBACK = '127.0.0.1';

/** @throws PORT_IN_USE, naming the setting that moves it */
export const listenOnLoopback = (server: Server, port: number, setting: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'EADDRINUSE'
          ? new CriticalError(
              'PORT_IN_USE',
              `Port ${port} on ${LOOPBACK} is taken by another program. Set ${setting} to a free one, e.g. ${setting}=${port + 1}.`,
              { setting, port },
            )
          : error,
      ),
    );
    server.listen(port, LOOPBACK, () => resolve());
  });
