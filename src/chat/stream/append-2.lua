-- Appends events to a run's log and tells the followers: the node that began the run by its own
-- channel, which costs no subscription a run, or not at all where that node is the writer's own
-- process; others, once there are any, by the run's channel. Refuses what would double, tear or follow an end.
-- An end takes the run's plan with it: nobody needs the question any more.
-- KEYS  1 meta  2 log
-- ARGV  1 generation  2 first seq  3 count  4 entry  5 '1' if it ends the run  6 ttl in s  7 name of the run  8 now in ms  9 channel of the writer's node
-- Returns the entry's index, or -1 gone, -2 of an older generation, -3 ended, -4 not the next seq,
-- -5 there already: the same append was made before, and its answer lost.
local meta = redis.call('HMGET', KEYS[1], 'gen', 'next', 'done', 'home', 'watched')
if not meta[1] then return -1 end
if meta[1] ~= ARGV[1] then return -2 end
if tonumber(meta[2]) == ARGV[2] + ARGV[3] then return -5 end
if meta[3] == '1' then return -3 end
if meta[2] ~= ARGV[2] then return -4 end
local index = redis.call('RPUSH', KEYS[2], ARGV[4]) - 1
redis.call('HSET', KEYS[1], 'next', ARGV[2] + ARGV[3], 'done', ARGV[5], 'beat', ARGV[8])
if ARGV[5] == '1' then redis.call('HDEL', KEYS[1], 'plan') end
if index == 0 or ARGV[5] == '1' then
  redis.call('EXPIRE', KEYS[1], ARGV[6])
  redis.call('EXPIRE', KEYS[2], ARGV[6])
end
local news = ARGV[7] .. '\n' .. index .. '\n' .. ARGV[4]
if meta[4] and meta[4] ~= ARGV[9] then redis.call('PUBLISH', meta[4], news) end
if meta[5] then redis.call('PUBLISH', ARGV[7], news) end
return index
