using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;
using TorrentPS.Engine.Wire;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// The lists of peers, files and pieces of a torrent. Changing state is read on the torrent's loop, or after its end; slow work is done elsewhere.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="wanted">The wanted files.</param>
/// <param name="roster">The peers.</param>
internal sealed class TransferViews(SwarmRun run, WantedFiles wanted, Roster<PeerSession> roster)
{
    private volatile PiecePicker? _picker;

    /// <summary>The complete pieces are known from now on.</summary>
    public void SetPicker(PiecePicker picker) => _picker = picker;

    /// <summary>The connected peers.</summary>
    public IReadOnlyList<TransferPeer> Peers() => [.. roster.Peers.Select(PeerOf)];

    /// <summary>Records the state of the files; the returned function creates the list.</summary>
    public Func<IReadOnlyList<TransferFile>> Files()
    {
        Bitfield have = _picker?.Have.Clone() ?? new Bitfield(run.Torrent.PieceCount);
        FileLayout layout = wanted.Layout;
        IReadOnlyList<FilePriority> priorities = wanted.Priorities;
        return () => [.. run.Torrent.Files.Where(file => !file.IsPadding).Select(file => FileOf(file, layout, have, priorities[file.Index]))];
    }

    /// <summary>Records the state of the pieces; the returned function creates the list.</summary>
    public Func<IReadOnlyList<TransferPiece>> Pieces()
    {
        int count = run.Torrent.PieceCount;
        PieceState[] states = new PieceState[count];
        for (int piece = 0; piece < count; piece++)
            states[piece] = _picker?[piece] ?? (wanted.Layout.WantedPieces[piece] ? PieceState.Queued : PieceState.NotWanted);
        Dictionary<int, TimeSpan> deadlines = _picker?.Deadlines.All.ToDictionary(one => one.Piece, one => TimeSpan.FromSeconds(one.Due - run.Now)) ?? [];
        Bitfield[] partial = [.. roster.Peers.Where(peer => !peer.State.Pieces.IsFull).Select(peer => peer.State.Pieces.Clone())];
        int full = roster.Peers.Length - partial.Length;
        return () =>
        {
            int[] availability = new int[count];
            Array.Fill(availability, full);
            foreach (int piece in partial.SelectMany(pieces => pieces.All()))
                availability[piece]++;
            return
            [
                .. states.Select((state, piece) => new TransferPiece
                {
                    Index = piece,
                    Length = run.Torrent.LengthOfPiece(piece),
                    State = state,
                    Availability = availability[piece],
                    Deadline = deadlines.TryGetValue(piece, out TimeSpan left) ? left : null,
                }),
            ];
        };
    }

    private TransferPeer PeerOf(PeerSession peer)
    {
        double now = run.Now;
        PeerState state = peer.State;
        return new TransferPeer
        {
            Address = peer.EndPoint.Address.ToString(),
            Port = peer.EndPoint.Port,
            PeerId = PeerId.ToText(peer.Handshake.PeerId) ?? "",
            Client = peer.Client,
            Source = roster.SourceOf(peer),
            IsIncoming = !peer.IsOutgoing,
            IsEncrypted = peer.Connection.IsEncrypted,
            Transport = peer.Connection.IsUtp ? PeerTransport.Utp : PeerTransport.Tcp,
            IsChokingUs = state.IsChokingUs,
            IsInterestedInUs = state.IsInterestedInUs,
            IsChokedByUs = state.IsChokedByUs,
            IsInterestingToUs = state.IsInterestingToUs,
            IsSnubbed = state.IsSnubbed,
            DownloadRate = (long)state.DownloadRate.PerSecond(now),
            UploadRate = (long)state.UploadRate.PerSecond(now),
            Downloaded = state.DownloadRate.Total,
            Uploaded = state.UploadRate.Total,
            PercentComplete = state.Pieces.IsFull ? 100 : Math.Floor(10000.0 * state.Pieces.Count / state.Pieces.Length) / 100,
            Elapsed = TimeSpan.FromSeconds(Math.Max(0, now - peer.ConnectedAt)),
        };
    }

    private TransferFile FileOf(TorrentFile file, FileLayout layout, Bitfield have, FilePriority priority)
    {
        long completed = 0, contiguous = 0;
        bool isContiguous = true;
        (int first, int last) = layout.PiecesOf(file.Index);
        for (int piece = first; piece <= last; piece++)
        {
            long begin = (long)piece * run.Torrent.PieceLength;
            long overlap = Math.Min(begin + run.Torrent.PieceLength, file.Offset + file.Length) - Math.Max(begin, file.Offset);
            isContiguous &= have[piece];
            completed += have[piece] ? overlap : 0;
            contiguous += isContiguous ? overlap : 0;
        }

        return new TransferFile { Index = file.Index, Path = file.Path, Length = file.Length, Priority = priority, BytesCompleted = completed, ContiguousBytes = contiguous };
    }
}
