using System.Net;
using System.Security.Cryptography;

namespace TorrentPS.Engine.Discovery.Dht;

/// <summary>
/// The queries that await answers. An answer counts when it has the query's transaction id, which nobody can guess, and comes from the address
/// that was asked. After a short time the answer is late, and whoever asked goes on without; it still counts until the long time is over.
/// </summary>
internal sealed class DhtRequests
{
    /// <summary>The short time at most, and while nothing is known of how fast nodes answer here. Most answer within a fifth of it.</summary>
    public static readonly TimeSpan ShortLimit = TimeSpan.FromSeconds(1);

    /// <summary>When even that is over.</summary>
    public static readonly TimeSpan LongLimit = TimeSpan.FromSeconds(8);

    /// <summary>Queries under way at most.</summary>
    public const int MaxCount = 1000;

    private readonly Dictionary<ushort, DhtRequest> _byId = [];

    private static readonly TimeSpan s_shortestLimit = TimeSpan.FromMilliseconds(200);

    // How long nodes take to answer, and how much that varies, as TCP reckons it (RFC 6298).
    private TimeSpan? _delay;
    private TimeSpan _variation;

    // All wait about equally long, so that these are in the order of their deadlines, or near enough.
    private readonly Queue<DhtRequest> _awaited = new();
    private readonly Queue<DhtRequest> _late = new();

    public int Count => _byId.Count;

    /// <summary>How long an answer is waited for before it is late.</summary>
    public TimeSpan Patience
    {
        get
        {
            if (_delay is not { } delay)
                return ShortLimit;
            TimeSpan limit = delay + 4 * _variation;
            return limit < s_shortestLimit ? s_shortestLimit : limit > ShortLimit ? ShortLimit : limit;
        }
    }

    /// <summary>Notes a query; null when too many are under way.</summary>
    public DhtRequest? Add(IPEndPoint endPoint, KrpcMethod method, IDhtCaller caller, TimeSpan now)
    {
        if (_byId.Count >= MaxCount)
            return null;
        ushort id;
        do
            id = (ushort)RandomNumberGenerator.GetInt32(ushort.MaxValue + 1);
        while (_byId.ContainsKey(id));
        var request = new DhtRequest(id, endPoint, method, caller, now, now + Patience);
        _byId.Add(id, request);
        _awaited.Enqueue(request);
        return request;
    }

    /// <summary>Takes the query that a message answers; null when it answers none.</summary>
    public DhtRequest? Take(ReadOnlySpan<byte> transactionId, IPEndPoint from, TimeSpan now)
    {
        if (transactionId.Length != 2)
            return null;
        ushort id = (ushort)(transactionId[0] << 8 | transactionId[1]);
        if (!_byId.TryGetValue(id, out DhtRequest? request) || !request.EndPoint.Equals(from))
            return null;
        _byId.Remove(id);
        request.IsOver = true;
        Reckon(now - request.SentAt);
        return request;
    }

    /// <summary>The next query whose short time has run out.</summary>
    public DhtRequest? TakeDelayed(TimeSpan now)
    {
        while (_awaited.TryPeek(out DhtRequest? request) && (request.IsOver || now >= request.LateAt))
        {
            _awaited.Dequeue();
            if (request.IsOver)
                continue;
            _late.Enqueue(request);
            return request;
        }

        return null;
    }

    /// <summary>The next query whose long time has run out.</summary>
    public DhtRequest? TakeExpired(TimeSpan now)
    {
        while (_late.TryPeek(out DhtRequest? request) && (request.IsOver || now - request.SentAt >= LongLimit))
        {
            _late.Dequeue();
            if (request.IsOver)
                continue;
            request.IsOver = true;
            _byId.Remove(request.TransactionId);
            return request;
        }

        return null;
    }

    /// <summary>When the next time runs out; null when nothing is under way.</summary>
    public TimeSpan? NextDeadline
    {
        get
        {
            while (_awaited.TryPeek(out DhtRequest? awaited) && awaited.IsOver)
                _awaited.Dequeue();
            while (_late.TryPeek(out DhtRequest? late) && late.IsOver)
                _late.Dequeue();
            TimeSpan? next = _awaited.TryPeek(out DhtRequest? first) ? first.LateAt : null;
            if (_late.TryPeek(out DhtRequest? last) && (next is null || last.SentAt + LongLimit < next))
                next = last.SentAt + LongLimit;
            return next;
        }
    }

    private void Reckon(TimeSpan taken)
    {
        if (_delay is not { } delay)
        {
            (_delay, _variation) = (taken, taken / 2);
            return;
        }

        _variation += ((taken - delay).Duration() - _variation) / 4;
        _delay = delay + (taken - delay) / 8;
    }
}
