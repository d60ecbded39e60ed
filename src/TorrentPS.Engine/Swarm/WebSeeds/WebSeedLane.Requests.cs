using System.Globalization;
using System.Text;
using TorrentPS.Engine.Http;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm.WebSeeds;

/// <content>What is asked, and what the answers mean.</content>
internal sealed partial class WebSeedLane
{
    private const int MaxRedirects = 5;

    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(20);

    /// <summary>Gets a part of a file (BEP 19).</summary>
    private async Task GetPartAsync(int file, long begin, long length, CancellationToken cancellationToken)
    {
        TorrentFile entry = _swarm.Torrent.Files[file];
        HttpHead head = await AskAsync(AddressOf(file), (begin, begin + length - 1), file, cancellationToken);
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
        await FinishBodyAsync(cancellationToken);
    }

    /// <summary>Gets a part of a piece (BEP 17).</summary>
    private async Task GetPieceAsync(int piece, int begin, int length, CancellationToken cancellationToken)
    {
        bool isWhole = length == _swarm.Torrent.LengthOfPiece(piece);
        Uri uri = WebSeedAddress.OfPiece(Seed.Address.Uri, _swarm.Torrent, piece, isWhole ? null : (begin, begin + length - 1));
        HttpHead head = await AskAsync(Seed.Address.At(uri), null, -1, cancellationToken);
        if (head.Status == 503)
            throw new WebSeedException("it has too much to do", WebSeedFault.Busy, await ReadSecondsAsync(cancellationToken) ?? head.RetryAfterSeconds(_swarm.TimeProvider.GetUtcNow()));
        if (head.Status is not (200 or 206))
            throw Refusal(head, -1);
        if (head.Length is { } sent && sent != length)
            throw new WebSeedException($"it sends {sent} bytes of a piece where {length} were asked for", WebSeedFault.Useless);
        await ReceiveAsync(length, cancellationToken);
        await FinishBodyAsync(cancellationToken);
    }

    /// <summary>
    /// Takes whole files one after the other from a server that knows no ranges, those that have nothing that is missing left out. False when there is
    /// nothing to take.
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

            if (!isContinued || _position + _used != entry.Offset)
                (_position, _used) = (entry.Offset, 0);
            isContinued = true;
            if (entry.IsPadding)
                await PadAsync(entry.Length, cancellationToken);
            else
                await GetWholeFileAsync(file, entry, cancellationToken);
        }

        // Pieces are still being verified when their last byte has come. But a whole round in vain is one too many.
        if (State.DownloadRate.Total > received && _swarm.Picker.Missing == missing && ++_vainRounds > 2)
            throw new WebSeedException("it ignores ranges, and nothing new came of it", WebSeedFault.Useless);
        return false; // what is being verified needs a while
    }

    private int _vainRounds;

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
        HttpHead head = await AskAsync(AddressOf(file), null, file, cancellationToken);
        if (head.Status != 200)
            throw Refusal(head, file);
        if (head.Length is { } length && length != entry.Length)
            throw new WebSeedException($"its '{entry.Path}' has {length} bytes and not {entry.Length}", WebSeedFault.Useless);
        await ReceiveAsync(entry.Length, cancellationToken);
        await FinishBodyAsync(cancellationToken);
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
                    Seed.Forget(file); // that to which it redirected is gone, perhaps, and it knows another
                    return new WebSeedException(text, WebSeedFault.Passing);
                }

                _pool.Lose(Seed, file);
                return new WebSeedException(text, WebSeedFault.Noted);
            default:
                return new WebSeedException(text, WebSeedFault.Useless);
        }
    }

    private NamedAddress AddressOf(int file) => Seed.MovedTo(file) ?? Seed.Address.At(WebSeedAddress.OfFile(Seed.Address.Uri, _swarm.Torrent, file));

    /// <summary>Asks, and follows redirects.</summary>
    private async Task<HttpHead> AskAsync(NamedAddress address, (long First, long Last)? range, int file, CancellationToken cancellationToken)
    {
        for (int redirects = 0; ; redirects++)
        {
            HttpHead head = await AskOnceAsync(address, range, cancellationToken);
            if (!head.IsPlain)
                throw new WebSeedException("it sends its files compressed", WebSeedFault.Useless);
            if (head.Status is not (301 or 302 or 303 or 307 or 308) || head.Location is not { } location)
            {
                if (redirects > 0 && file >= 0)
                    Seed.Moved(file, address); // with what it may reach, for whenever its name leads elsewhere
                return head;
            }

            if (redirects == MaxRedirects)
                throw new WebSeedException($"it redirects more than {MaxRedirects} times", WebSeedFault.Useless);
            address = _swarm.Http.Rules.Redirect(address, location, _connection!.From);
            Close(); // the body of a redirect is not worth reading
        }
    }

    private async Task<HttpHead> AskOnceAsync(NamedAddress address, (long First, long Last)? range, CancellationToken cancellationToken)
    {
        string origin = address.Uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped);
        // What a connection was opened for says nothing of what else is asked over it.
        if (_connection is { IsReusable: true } open && _connectedTo == origin && _swarm.Http.Rules.Refusal(address, open.From) is null)
        {
            try
            {
                return await GetHeadAsync(address.Uri, range, cancellationToken);
            }
            catch (IOException)
            {
                // The server closed it meanwhile, as it may: once more, on a new one.
            }
        }

        Close();
        using (var limit = new CancellationTokenSource(s_connectLimit, _swarm.TimeProvider))
        using (var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token))
        {
            try
            {
                _connection = await _swarm.Http.OpenAsync(address, both.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                throw new WebSeedException("it could not be connected to in time", WebSeedFault.Passing);
            }
        }

        _connectedTo = origin;
        return await GetHeadAsync(address.Uri, range, cancellationToken);
    }

    private async Task<HttpHead> GetHeadAsync(Uri uri, (long First, long Last)? range, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(s_headLimit, _swarm.TimeProvider);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await _connection!.GetAsync(uri, range, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new WebSeedException("it did not answer in time", WebSeedFault.Passing);
        }
    }

    /// <summary>Reads what is behind the last byte, so that the connection can be used again.</summary>
    private async Task FinishBodyAsync(CancellationToken cancellationToken)
    {
        if (_connection is not { IsReusable: false } open)
            return;
        if (await open.ReadAsync(new byte[1], cancellationToken) > 0 || !open.IsReusable)
            Close();
    }

    /// <summary>The seconds that a busy server names in its answer's body (BEP 17).</summary>
    private async Task<double?> ReadSecondsAsync(CancellationToken cancellationToken)
    {
        byte[] body = new byte[64];
        int used = 0;
        for (int count; used < body.Length && (count = await _connection!.ReadAsync(body.AsMemory(used), cancellationToken)) > 0;)
            used += count;
        return double.TryParse(Encoding.ASCII.GetString(body, 0, used).Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out double seconds) ? seconds : null;
    }
}
