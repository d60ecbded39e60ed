using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>The web seeds of a torrent (BEP 17, 19) and their connections. Belongs to the torrent's loop.</summary>
internal sealed class WebSeedPool
{
    /// <summary>The maximum number of connections to one web seed.</summary>
    public const int LanesPerSeed = 4;

    private const int MaxLanes = 8;

    private readonly IWebSeedSwarm _swarm;
    private readonly CancellationToken _stopping;
    private readonly List<WebSeed> _seeds;
    private readonly List<WebSeedLane> _lanes = [];
    private TaskCompletionSource _pulse = new();
    private int _begun;

    /// <param name="swarm">The torrent.</param>
    /// <param name="seeds">Its web seeds.</param>
    /// <param name="startsAt">The time of the first request, in seconds of the torrent's clock: until then, peers can send the data.</param>
    /// <param name="stopping">Ends it.</param>
    public WebSeedPool(IWebSeedSwarm swarm, IEnumerable<WebSeed> seeds, double startsAt, CancellationToken stopping)
    {
        _swarm = swarm;
        _seeds = [.. seeds];
        StartsAt = startsAt;
        _stopping = stopping;
    }

    /// <summary>The time of the first request, in seconds of the torrent's clock.</summary>
    public double StartsAt { get; }

    /// <summary>Whether data may be expected from any of them soon.</summary>
    public bool IsAnyHopeful => _seeds.Exists(seed => seed.IsHopeful);

    /// <summary>The number of web seeds that are sending data now.</summary>
    public int ActiveCount => _lanes.Where(lane => lane.IsReceiving).Select(lane => lane.Seed).Distinct().Count();

    /// <summary>The error of one of them; null if there is none.</summary>
    public string? Reason => _seeds.Find(seed => seed.Reason is not null) is { } seed ? $"{seed}: {seed.Reason}" : null;

    /// <summary>The connections, as seen by the picker.</summary>
    public IEnumerable<PeerState> States => _lanes.Select(lane => lane.State);

    /// <summary>Periodic work: opens connections if there is something to get, closes silent ones, wakes waiting ones.</summary>
    public void Tick()
    {
        if (_stopping.IsCancellationRequested || _swarm.Now < StartsAt)
            return;
        foreach (WebSeed seed in _seeds)
        {
            int lanes = _lanes.Count(lane => lane.Seed == seed);
            bool isIdle = _lanes.Exists(lane => lane.Seed == seed && !lane.IsBusy);
            if (!seed.IsGivenUp && lanes < seed.MaxLanes && _lanes.Count < MaxLanes && !isIdle && _swarm.Now >= seed.RetryAt)
                TryOpen(seed);
        }

        foreach (WebSeedLane lane in _lanes.ToArray())
            lane.Tick();
        Pulse();
    }

    /// <summary>Completes at the next tick, or sooner when memory becomes free.</summary>
    public Task NextPulse => _pulse.Task;

    public void Pulse()
    {
        TaskCompletionSource pulse = _pulse;
        _pulse = new TaskCompletionSource();
        pulse.TrySetResult();
    }

    /// <summary>A web seed has sent bad data: it is not used again. False if the source is not a web seed.</summary>
    public bool Ban(PeerState state)
    {
        if (_lanes.Find(lane => lane.State == state) is not { } banned)
            return false;
        banned.Seed.GiveUp("it sent bad data");
        _swarm.Log($"Web seed {banned.Seed} is banned: it sent bad data");
        Abort(banned.Seed);
        return true;
    }

    /// <summary>Data from a web seed has triggered a fault of this program. False if the source is not a web seed.</summary>
    public bool Fault(PeerState state, Exception fault)
    {
        if (_lanes.Find(lane => lane.State == state) is not { } faulty)
            return false;
        GiveUp(faulty.Seed, fault);
        Abort(faulty.Seed);
        return true;
    }

    /// <summary>Ends the current answers while requests are suspended, without blaming the servers.</summary>
    public void Interrupt()
    {
        foreach (WebSeedLane lane in _lanes.ToArray())
            lane.CutShort();
    }

    private void Abort(WebSeed seed)
    {
        foreach (WebSeedLane lane in _lanes.ToArray())
        {
            if (lane.Seed == seed)
                lane.Abort();
        }
    }

    /// <summary>Waits until all connections have ended, after the token was cancelled.</summary>
    public async Task EndAsync()
    {
        Task running = Task.WhenAll(_lanes.Select(lane => lane.Running));
        foreach (WebSeedLane lane in _lanes.ToArray())
            lane.Abort();
        Pulse(); // wakes waiting lanes, which then end
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext); // errors of lanes do not matter at the end
    }

    private void TryOpen(WebSeed seed)
    {
        try
        {
            Open(seed);
        }
        catch (Exception e)
        {
            GiveUp(seed, e);
        }
    }

    /// <summary>Gives up a web seed after a fault of this program, without other consequences.</summary>
    public void GiveUp(WebSeed seed, Exception fault)
    {
        seed.GiveUp($"{fault.GetType().Name}: {fault.Message}");
        _swarm.Log($"Web seed {seed} is left by a fault of this program: {fault}");
    }

    private void Open(WebSeed seed)
    {
        // Each starts at another offset, so that each has a long run ahead.
        int first = (int)((long)_swarm.Torrent.PieceCount * (_begun++ % LanesPerSeed) / LanesPerSeed);
        var lane = new WebSeedLane(this, _swarm, seed, first);
        _lanes.Add(lane);
        _swarm.Picker.AddPeer(lane.State);
        lane.State.Interesting = int.MaxValue;
        foreach (int file in seed.LostFiles)
            Lose(lane.State, file);
        lane.Start(_stopping);
    }

    /// <summary>Whether a connection is the first of those to its web seed.</summary>
    public bool IsFirst(WebSeedLane lane) => _lanes.Find(other => other.Seed == lane.Seed) == lane;

    /// <summary>A connection has ended.</summary>
    public void Ended(WebSeedLane lane)
    {
        _lanes.Remove(lane);
        _swarm.Picker.RemovePeer(lane.State);
    }

    /// <summary>A web seed does not have a file: it has none of the pieces that overlap it.</summary>
    public void Lose(WebSeed seed, int file)
    {
        seed.Lost(file);
        _swarm.Log($"Web seed {seed} does not have '{_swarm.Torrent.Files[file].Path}'");
        foreach (PeerState state in _lanes.Where(lane => lane.Seed == seed).Select(lane => lane.State))
            Lose(state, file);
    }

    private void Lose(PeerState state, int file)
    {
        TorrentFile lost = _swarm.Torrent.Files[file];
        int pieceLength = _swarm.Torrent.PieceLength;
        for (long piece = lost.Offset / pieceLength; piece * pieceLength < lost.Offset + lost.Length; piece++)
            _swarm.Picker.PeerLacks(state, (int)piece);
    }
}
