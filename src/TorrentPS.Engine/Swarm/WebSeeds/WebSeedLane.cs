using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Net;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <summary>
/// One connection to a web seed: claims a run of blocks, requests its bytes, file by file, and passes on each block when it is complete. To the picker it is a peer like
/// others, so faster ones take over what it owes in the end.
/// </summary>
internal sealed class WebSeedLane : IDisposable
{
    private const double SilenceSeconds = 20;

    /// <summary>The rest of an unneeded reply is read if it takes no longer than this, so that the connection can be reused.</summary>
    private const double LeftoverSeconds = 0.5;

    private readonly WebSeedPool _pool;
    private readonly IWebSeedSwarm _swarm;
    private readonly List<Outstanding> _run = [];
    private readonly RunLength _runLength = new();
    private CancellationTokenSource _aborting = new();
    private readonly WebSeedConnection _connection;
    private readonly WebSeedBlocks _blocks;
    private int _next;
    private int _vainRounds;
    private long _left; // of the run, not read yet
    private bool _isAtRun;
    private bool _isCutShort;
    private bool _isHeldBack;
    private bool _hasEnded;

    public WebSeedLane(WebSeedPool pool, IWebSeedSwarm swarm, WebSeed seed, int first)
    {
        (_pool, _swarm, Seed, _next) = (pool, swarm, seed, first);
        State = new PeerState(new IPEndPoint(IPAddress.Any, 0), swarm.Torrent.PieceCount) { IsChokingUs = false };
        State.Pieces.AddAll();
        _connection = new WebSeedConnection(swarm, seed);
        _blocks = new WebSeedBlocks(pool, swarm, State);
        Running = Task.CompletedTask;
    }

    public WebSeed Seed { get; }

    public PeerState State { get; }

    public Task Running { get; private set; }

    /// <summary>Whether it has a run.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Whether data is arriving.</summary>
    public bool IsReceiving { get; private set; }

    public void Start(CancellationToken stopping) => Running = RunAsync(stopping);

    /// <summary>Cancels the current run.</summary>
    public void Abort()
    {
        if (!_hasEnded)
            _aborting.Cancel();
    }

    /// <summary>Releases everything; it also does so itself when it has ended.</summary>
    public void Dispose()
    {
        if (_hasEnded)
            return;
        _hasEnded = true;
        _connection.Close();
        _blocks.Return();
        _aborting.Dispose();
    }

    /// <summary>Periodic work.</summary>
    public void Tick()
    {
        try
        {
            LookAtClock();
        }
        catch (Exception e)
        {
            Fault(e);
        }
    }

    private void LookAtClock()
    {
        double now = _swarm.Now;
        State.Rate = State.DownloadRate.PerSecond(now);
        if (_isHeldBack || _blocks.IsHeldBack)
            State.LastBlockAt = now;
        else if (IsReceiving && now - State.LastBlockAt > SilenceSeconds)
            Abort();
        else if (IsNothingNeeded)
            CutShort();
    }

    /// <summary>Whether the whole rest of a run has come from others, and is too long to be skipped.</summary>
    private bool IsNothingNeeded => _isAtRun && State.Outstanding.Count == 0 && _left > State.Rate * LeftoverSeconds;

    /// <summary>Ends the current answer, without blaming its server.</summary>
    public void CutShort()
    {
        _isCutShort = true;
        Abort();
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        IsBusy = true;
        await Task.Yield(); // it is in the list of lanes before it starts
        try
        {
            while (!stopping.IsCancellationRequested && !Seed.IsGivenUp && _swarm.Picker.Missing > 0 && (!Seed.IgnoresRanges || _pool.IsFirst(this)))
            {
                if (_swarm.IsPaused || _swarm.Now < Seed.RetryAt || !await TryWorkAsync(stopping))
                {
                    IsBusy = false;
                    _connection.CloseIdle();
                    await _pool.NextPulse;
                    IsBusy = true;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // the torrent is stopping
        }
        catch (Exception e)
        {
            Fault(e);
        }
        finally
        {
            _swarm.ReleaseAll(State);
            _pool.Ended(this);
            Dispose();
        }
    }

    /// <summary>A fault of this program in connection with the web seed, which is given up.</summary>
    private void Fault(Exception fault)
    {
        _pool.GiveUp(Seed, fault);
        _swarm.Recover(State);
        Abort(); // whatever it is doing
    }

    /// <summary>Gets one run; false if there is nothing to get now.</summary>
    private async Task<bool> TryWorkAsync(CancellationToken stopping)
    {
        _isCutShort = false;
        if (_aborting.IsCancellationRequested)
        {
            _aborting.Dispose();
            _aborting = new CancellationTokenSource();
        }

        using var both = CancellationTokenSource.CreateLinkedTokenSource(stopping, _aborting.Token);
        string? reason = null;
        try
        {
            if (Seed.IgnoresRanges)
                return await GetWholeFilesAsync(both.Token);
            _run.Clear();
            if (!TryClaim())
                return false;
            await GetTimedRunAsync(both.Token);
            return true;
        }
        catch (WebSeedException e)
        {
            reason = e.Message;
            Handle(e);
        }
        catch (OperationCanceledException) when (_isCutShort && !stopping.IsCancellationRequested)
        {
            // not the web seed's fault
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            reason = "no data came";
            Seed.Failed(_swarm.Now, reason);
        }
        catch (Exception e) when (e is CertificateRefusedException or AddressRefusedException)
        {
            reason = Describe(e);
            Seed.GiveUp(reason);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or SocketException or AuthenticationException or HttpFetchException)
        {
            reason = Describe(e);
            Seed.Failed(_swarm.Now, reason);
        }
        finally
        {
            IsReceiving = false;
            bool owes = State.Outstanding.Count > 0;
            _swarm.ReleaseAll(State);
            if (owes)
                _swarm.AskAll();
        }

        _connection.Close();
        if (reason is not null && !stopping.IsCancellationRequested)
            _swarm.Log($"Web seed {Seed}: {reason}{(Seed.IsGivenUp ? "; it is asked no more" : "")}");
        return true;
    }

    private bool TryClaim()
    {
        if (!_swarm.Picker.Runs.TryClaim(State, _next, _runLength.Next, _run)
            && !EndGame.TryPickRun(_swarm.Picker, _swarm.Sources, State, _swarm.Now, _swarm.DownloadLimiter.IsExhausted, _run))
        {
            return false;
        }

        foreach (Outstanding item in _run)
            State.Outstanding.Add(item);
        Outstanding last = _run[^1];
        _next = last.Block == last.Piece.BlockCount - 1 ? last.Piece.Index + 1 : last.Piece.Index;
        if (_next >= _swarm.Torrent.PieceCount)
            _next = 0;
        return true;
    }

    private void Handle(WebSeedException e)
    {
        switch (e.Fault)
        {
            case WebSeedFault.Useless:
                Seed.GiveUp(e.Message);
                break;
            case WebSeedFault.Busy:
                Seed.Busy(_swarm.Now, e.Seconds, e.Message);
                break;
            case WebSeedFault.Passing:
                Seed.Failed(_swarm.Now, e.Message);
                break;
            default:
                break;
        }
    }

    private async Task GetTimedRunAsync(CancellationToken cancellationToken)
    {
        double began = State.LastBlockAt = _swarm.Now;
        long received = State.DownloadRate.Total;
        State.DownloadRate.Resume(began);
        _left = long.MaxValue;
        _isAtRun = true;
        try
        {
            await GetRunAsync(cancellationToken);
        }
        finally
        {
            _isAtRun = false;
            _runLength.Ended(State.DownloadRate.Total - received, _swarm.Now - began);
        }
    }

    private async Task GetRunAsync(CancellationToken cancellationToken)
    {
        Torrent torrent = _swarm.Torrent;
        Outstanding first = _run[0], last = _run[^1];
        long start = Offset(first.Piece.Index, first.Block);
        long end = Offset(last.Piece.Index, last.Block) + last.Piece.LengthOf(last.Block);
        _blocks.Seek(start);
        if (Seed.ServesPieces)
        {
            for (long at = start; at < end && State.Outstanding.Count > 0;)
            {
                int piece = (int)(at / torrent.PieceLength);
                int begin = (int)(at - (long)piece * torrent.PieceLength), length = (int)Math.Min(end - at, torrent.LengthOfPiece(piece) - begin);
                await GetPieceAsync(piece, begin, length, cancellationToken);
                at += length;
            }

            return;
        }

        for (int file = FileAt(start); file < torrent.Files.Count && _blocks.End < end && State.Outstanding.Count > 0; file++)
        {
            TorrentFile entry = torrent.Files[file];
            long at = _blocks.End;
            if (entry.Offset + entry.Length <= at)
                continue; // an empty file
            long length = Math.Min(end, entry.Offset + entry.Length) - at;
            if (entry.IsPadding)
                await _blocks.PadAsync(length, cancellationToken);
            else
                await GetPartAsync(file, at - entry.Offset, length, cancellationToken);
        }
    }

    private long Offset(int piece, int block) => (long)piece * _swarm.Torrent.PieceLength + (long)block * BlockRequest.BlockLength;

    private int FileAt(long position)
    {
        IReadOnlyList<TorrentFile> files = _swarm.Torrent.Files;
        int low = 0, high = files.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (files[middle].Offset + files[middle].Length > position)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }

    /// <summary>Reads the next bytes of the body into the buffer and passes on complete blocks.</summary>
    private async Task ReceiveAsync(long length, CancellationToken cancellationToken)
    {
        IsReceiving = true;
        _left = length;
        RateLimiter limiter = _swarm.DownloadLimiter;
        while (length > 0)
        {
            Memory<byte> free = _blocks.Free(length);
            int allowed = free.Length;
            if (limiter.IsLimited)
            {
                _isHeldBack = true;
                allowed = await limiter.TakeAsync(free.Length, cancellationToken);
                _isHeldBack = false;
            }

            int count = 0;
            try
            {
                count = await _connection.ReadAsync(free[..allowed], cancellationToken);
            }
            finally
            {
                if (limiter.IsLimited)
                    limiter.GiveBack(allowed - count);
            }

            if (count == 0)
                throw new IOException("the answer is shorter than it says");
            State.LastBlockAt = _swarm.Now;
            State.DownloadRate.Add(count, State.LastBlockAt);
            _left = length -= count;
            Seed.Answered();
            await _blocks.DeliverAsync(count, cancellationToken);
            if (IsNothingNeeded)
            {
                _connection.Close();
                return;
            }
        }
    }

    /// <summary>Gets a range of a file (BEP 19).</summary>
    private async Task GetPartAsync(int file, long begin, long length, CancellationToken cancellationToken)
    {
        TorrentFile entry = _swarm.Torrent.Files[file];
        HttpHead head = await _connection.AskAsync(AddressOf(file), (begin, begin + length - 1), file, cancellationToken);
        switch (head.Status)
        {
            case 206:
                if (head.Range is not { } range || range.First != begin || range.Last != begin + length - 1 || range.Whole is { } whole && whole != entry.Length)
                    throw new WebSeedException($"it sends other bytes of '{entry.Path}' than were asked for, or the file has another length", WebSeedFault.Useless);
                break;
            case 200 when begin == 0 && length == entry.Length && (head.Length ?? length) == length:
                break; // the whole file was wanted
            case 200:
                Seed.SendsWholeFiles();
                throw new WebSeedException("it ignores ranges: whole files are taken", WebSeedFault.Noted);
            default:
                throw Refusal(head, file);
        }

        await ReceiveAsync(length, cancellationToken);
        await _connection.FinishBodyAsync(cancellationToken);
    }

    /// <summary>Gets a part of a piece (BEP 17).</summary>
    private async Task GetPieceAsync(int piece, int begin, int length, CancellationToken cancellationToken)
    {
        bool isWhole = length == _swarm.Torrent.LengthOfPiece(piece);
        Uri uri = WebSeedAddress.OfPiece(Seed.Address.Uri, _swarm.Torrent, piece, isWhole ? null : (begin, begin + length - 1));
        HttpHead head = await _connection.AskAsync(Seed.Address.At(uri), null, -1, cancellationToken);
        if (head.Status == 503)
            throw new WebSeedException("it has too much to do", WebSeedFault.Busy, await _connection.ReadSecondsAsync(cancellationToken) ?? head.RetryAfterSeconds(_swarm.TimeProvider.GetUtcNow()));
        if (head.Status is not (200 or 206))
            throw Refusal(head, -1);
        if (head.Length is { } sent && sent != length)
            throw new WebSeedException($"it sends {sent} bytes of a piece where {length} were asked for", WebSeedFault.Useless);
        await ReceiveAsync(length, cancellationToken);
        await _connection.FinishBodyAsync(cancellationToken);
    }

    /// <summary>
    /// Gets whole files one after the other from a server without range support, skipping those without missing pieces. False if there is nothing to get.
    /// </summary>
    private async Task<bool> GetWholeFilesAsync(CancellationToken cancellationToken)
    {
        Torrent torrent = _swarm.Torrent;
        int missing = _swarm.Picker.Missing;
        long received = State.DownloadRate.Total;
        bool isContinued = false;
        for (int file = 0; file < torrent.Files.Count; file++)
        {
            TorrentFile entry = torrent.Files[file];
            if (entry.Length == 0)
                continue;
            if (!HasMissing(entry))
            {
                isContinued = false;
                continue;
            }

            if (!isContinued || _blocks.End != entry.Offset)
                _blocks.Seek(entry.Offset);
            isContinued = true;
            if (entry.IsPadding)
                await _blocks.PadAsync(entry.Length, cancellationToken);
            else
                await GetWholeFileAsync(file, entry, cancellationToken);
        }

        // Pieces may still be in verification after their last byte has arrived. But a whole round without progress is enough.
        if (State.DownloadRate.Total > received && _swarm.Picker.Missing == missing && ++_vainRounds > 2)
            throw new WebSeedException("it ignores ranges, and nothing new came of it", WebSeedFault.Useless);
        return false; // verification takes a while
    }

    private bool HasMissing(TorrentFile file)
    {
        int pieceLength = _swarm.Torrent.PieceLength;
        for (long piece = file.Offset / pieceLength; piece * pieceLength < file.Offset + file.Length; piece++)
        {
            if (_swarm.Picker[(int)piece] is PieceState.Queued or PieceState.Open && State.Pieces[(int)piece])
                return true;
        }

        return false;
    }

    private async Task GetWholeFileAsync(int file, TorrentFile entry, CancellationToken cancellationToken)
    {
        State.LastBlockAt = _swarm.Now;
        HttpHead head = await _connection.AskAsync(AddressOf(file), null, file, cancellationToken);
        if (head.Status != 200)
            throw Refusal(head, file);
        if (head.Length is { } length && length != entry.Length)
            throw new WebSeedException($"its '{entry.Path}' has {length} bytes and not {entry.Length}", WebSeedFault.Useless);
        await ReceiveAsync(entry.Length, cancellationToken);
        await _connection.FinishBodyAsync(cancellationToken);
    }

    private WebSeedException Refusal(HttpHead head, int file)
    {
        string text = $"it answered with HTTP status {head.Status}";
        switch (head.Status)
        {
            case 429 or 503:
                return new WebSeedException(text, WebSeedFault.Busy, head.RetryAfterSeconds(_swarm.TimeProvider.GetUtcNow()));
            case 408 or >= 500:
                return new WebSeedException(text, WebSeedFault.Passing);
            case >= 400 when file >= 0 && _swarm.Torrent.Files.Count > 1:
                if (Seed.MovedTo(file) is not null)
                {
                    Seed.Forget(file); // the redirect target may be gone, and the web seed knows another
                    return new WebSeedException(text, WebSeedFault.Passing);
                }

                _pool.Lose(Seed, file);
                return new WebSeedException(text, WebSeedFault.Noted);
            default:
                return new WebSeedException(text, WebSeedFault.Useless);
        }
    }

    private NamedAddress AddressOf(int file) => Seed.MovedTo(file) ?? Seed.Address.At(WebSeedAddress.OfFile(Seed.Address.Uri, _swarm.Torrent, file));

    private static string Describe(Exception exception) => exception switch
    {
        SocketException socket => HttpFetch.Describe(socket),
        AuthenticationException => $"the secure connection failed: {exception.Message.TrimEnd('.')}",
        { InnerException: SocketException inner } => HttpFetch.Describe(inner),
        _ => exception.Message.TrimEnd('.'),
    };
}
