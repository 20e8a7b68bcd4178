import { serveShard, TOKENS } from '@innerloop/core';
import { adapterOf } from './load-agent.js';
import { LocalShard, type ShardSettings } from './shard.js';

/*
 * What a worker thread of the trainer `maml` runs: the task shard of shard.ts, behind a message port. Its file name is known to plugin.ts
 * alone; it is not for importing.
 */
serveShard<ShardSettings>(({ get }, settings) => {
  const adapter = adapterOf({ get, tasks: get(TOKENS.tasks) });
  return new LocalShard(adapter, get(TOKENS.objective), settings);
});
