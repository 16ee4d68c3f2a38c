/** The worker for the visitor's own data: reads files, and embeds what is searched for. Each use starts one of its own. */
import { expose } from 'comlink';
import { tableReader } from '../../views/add/table-reader.ts';
import { latent } from './latent.ts';

const worker = { ...latent, ...tableReader };

export type OwnWorker = typeof worker;

expose(worker);
