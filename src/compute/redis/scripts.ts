/** The scripts of Redis, for steps that must happen at once. An entry that another program has added may have no list of replies: ''. */

/**
 * Adds a frame, unless the stream is full or no worker is there. Never trims: the entries are work that nobody has done.
 * KEYS: stream, presence. ARGV: the most entries, whether a worker must be there, then fields and values.
 */
export const ADD = `
if ARGV[2] == '1' and redis.call('EXISTS', KEYS[2]) == 0 then return 'none' end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[1]) then return 'full' end
local entry = {}
for i = 3, #ARGV do entry[#entry + 1] = ARGV[i] end
return redis.call('XADD', KEYS[1], '*', unpack(entry))`;

/**
 * Ends an entry: takes it out of the stream, and sends the reply, unless another worker has done so.
 * KEYS: stream, list of replies. ARGV: group, entry, name of the request, reply, time that the list lives in ms.
 */
export const COMPLETE = `
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('XDEL', KEYS[1], ARGV[2])
if KEYS[2] == '' then return 1 end
redis.call('RPUSH', KEYS[2], ARGV[3], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return 1`;

/**
 * Puts an entry aside, and tells its requester.
 * KEYS: stream, list of replies, dead letters. ARGV: as above, then the most dead letters, then fields and values.
 */
export const PUT_ASIDE = `
if redis.call('XACK', KEYS[1], ARGV[1], ARGV[2]) == 0 then return 0 end
redis.call('XDEL', KEYS[1], ARGV[2])
local entry = {}
for i = 7, #ARGV do entry[#entry + 1] = ARGV[i] end
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[6], '*', unpack(entry))
if KEYS[2] == '' then return 1 end
redis.call('RPUSH', KEYS[2], ARGV[3], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
return 1`;

/** Forgets a consumer that has nothing left. KEYS: stream. ARGV: group, consumer. */
export const LEAVE = `
local left = redis.call('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2])
if #left == 0 then redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2]) end
return #left`;

/**
 * Forgets the consumers of workers that were killed long ago, and have nothing left. KEYS: stream. ARGV: group, idle time in ms.
 */
export const FORGET = `
for _, c in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local f = {}
  for i = 1, #c, 2 do f[c[i]] = c[i + 1] end
  if f['pending'] == 0 and f['idle'] > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], f['name'])
  end
end
return 0`;
