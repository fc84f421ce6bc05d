-- A run that is over and has no call to settle: its subjects may begin another. One that another worker has by now stays.
-- KEYS  1 gate
-- ARGV  1 run  2 subjects
-- Returns 1, or 0 when somebody has the run.
if redis.call('HEXISTS', HOLDS, ARGV[1]) == 1 then return 0 end
redis.call('ZREM', GATE .. ':open', ARGV[1])
for _, subject in ipairs(cjson.decode(ARGV[2])) do redis.call('ZREM', GATE .. ':subject:' .. subject, ARGV[1]) end
return 1
