-- Takes words back: blanks the entries that hold them, and appends the recall, in one step, so that
-- nobody who reads the log from here on finds them. Refuses as append-2 does.
-- KEYS  1 meta  2 log
-- ARGV  1 generation  2 seq of the recall  3 entry of the recall  4 name of the run  5 now in ms  6 channel of the writer's node
--       7… pairs: index of an entry, what it becomes
-- Returns the recall's index, or -1 gone, -2 of an older generation, -3 ended, -4 not the next seq, -5 there already.
local meta = redis.call('HMGET', KEYS[1], 'gen', 'next', 'done', 'home', 'watched')
if not meta[1] then return -1 end
if meta[1] ~= ARGV[1] then return -2 end
if tonumber(meta[2]) == ARGV[2] + 1 then return -5 end
if meta[3] == '1' then return -3 end
if meta[2] ~= ARGV[2] then return -4 end
for at = 7, #ARGV, 2 do redis.call('LSET', KEYS[2], ARGV[at], ARGV[at + 1]) end
local index = redis.call('RPUSH', KEYS[2], ARGV[3]) - 1
redis.call('HSET', KEYS[1], 'next', ARGV[2] + 1, 'beat', ARGV[5])
local news = ARGV[4] .. '\n' .. index .. '\n' .. ARGV[3]
if meta[4] and meta[4] ~= ARGV[6] then redis.call('PUBLISH', meta[4], news) end
if meta[5] then redis.call('PUBLISH', ARGV[4], news) end
return index
