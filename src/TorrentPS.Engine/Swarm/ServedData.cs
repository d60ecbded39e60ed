using TorrentPS.Engine.Errors;
using TorrentPS.Engine.Metainfo;
using TorrentPS.Engine.Storage;
using TorrentPS.Engine.Storage.Files;
using TorrentPS.Engine.Swarm.Membership;
using TorrentPS.Engine.Swarm.Peers;
using TorrentPS.Engine.Swarm.Picking;

namespace TorrentPS.Engine.Swarm;

/// <summary>
/// Handles changes by other programs to data that is served. While a download runs, a piece that is no longer right is fetched again; afterwards its file is no longer
/// served, and the result says so. The same applies to a file that can no longer be read, unless the reason concerns all files of a disk or of the process. Belongs to
/// the torrent's loop.
/// </summary>
internal sealed class ServedData : IServedData
{
    private const int FilesTold = 100;
    private const int FilesNamed = 3;

    private readonly SwarmRun _run;
    private readonly Roster<PeerSession> _roster;
    private readonly PiecePicker _picker;
    private readonly FileLayout _layout; // of all stored files
    private readonly PieceProgress _progress;
    private readonly BlockRequests _requests;
    private readonly ResumeSaver _saver;
    private readonly IPieceStorage _storage;
    private readonly List<string> _spoilt = []; // descriptions of the changed files, in the order of discovery
    private readonly List<string> _unread = []; // the same for unreadable files
    private readonly DataWatch? _watch; // null if no other program can change the data

    /// <param name="run">The run.</param>
    /// <param name="roster">The peers.</param>
    /// <param name="picker">The state of the pieces.</param>
    /// <param name="layout">The pieces of each file.</param>
    /// <param name="disk">The source of the data.</param>
    /// <param name="progress">Counts complete data.</param>
    /// <param name="requests">Requests wrong pieces again.</param>
    /// <param name="saver">Saves the state.</param>
    public ServedData(SwarmRun run, Roster<PeerSession> roster, PiecePicker picker, FileLayout layout, PieceDisk disk, PieceProgress progress, BlockRequests requests, ResumeSaver saver)
    {
        (_run, _roster, _picker, _layout, _storage, _progress, _requests, _saver) = (run, roster, picker, layout, disk.Storage, progress, requests, saver);
        if (_storage.Changes is { } files)
            _watch = new DataWatch(run.Torrent, files, layout, disk.Queue, disk.Jobs, this);
    }

    /// <summary>Pieces that were complete and are no longer served; null for none.</summary>
    public Bitfield? Withdrawn { get; private set; }

    private IChangedFiles Files => _storage.Changes!;

    /// <summary>Periodic work.</summary>
    public void Tick(double now) => _watch?.Tick(now);

    /// <summary>Starts no more reads.</summary>
    public void End() => _watch?.End();

    /// <summary>A peer requests a piece again that it has received.</summary>
    public void Complain(int piece, PeerSession peer) => _watch?.Complain(piece, peer.EndPoint.Address);

    /// <summary>A peer has closed its connection: one of the last pieces that it received may have been wrong.</summary>
    public void ComplainOfLast(PeerSession peer)
    {
        foreach (int piece in peer.LastServed.Where(piece => !peer.State.Pieces[piece]))
            Complain(piece, peer);
    }

    /// <summary>A piece is missing or cannot be read: a seed no longer serves the file. A download cannot continue without it.</summary>
    public void Unreadable(int piece, TorrentException failure)
    {
        if (!_run.IsComplete || _watch is null || !DiskErrors.ConcernsOneFile(failure))
            _run.End.StorageFailed(failure);
        else if (_picker.Have[piece])
            Spoilt(piece);
    }

    /// <inheritdoc/>
    public bool Serves(int piece) => _picker.Have[piece];

    /// <inheritdoc/>
    public int TakeSample()
    {
        int sample = -1, count = 0;
        foreach (PeerSession peer in _roster.Peers)
        {
            if (peer.TryTakeSample(out int piece) && Random.Shared.Next(++count) == 0)
                sample = piece;
        }

        return sample;
    }

    /// <inheritdoc/>
    public void Kept(int file)
    {
        (int first, int last) = _layout.PiecesOf(file);
        bool isWhole = _run.IsComplete;
        for (int piece = first; piece <= last && isWhole; piece++)
            isWhole = _picker.Have[piece];
        if (isWhole)
            Files.Trust(file);
        _run.Log($"'{Files.PathOnDisk(file)}' was written by another program, and is still right");
    }

    /// <inheritdoc/>
    public void WatchFailed(Exception failure)
    {
        if (failure is TorrentException e)
            _run.End.StorageFailed(e);
        else
            _run.End.Faulted(failure);
    }

    /// <inheritdoc/>
    public void Spoilt(int piece)
    {
        List<int> files = Files.FilesBehind(piece);
        if (!_run.IsComplete)
        {
            FetchAgain(piece, files);
            TellSpoilt(files);
            return;
        }

        List<int> unread = files.FindAll(file => Files.ReadFailure(file) is not null);
        foreach (int file in unread)
        {
            Withdraw(piece, [file]);
            TellUnread(file);
        }

        if (unread.Count == 0)
        {
            Withdraw(piece, files);
            TellSpoilt(files);
        }

        if (_picker.Have.CountCommon(_layout.WantedPieces) == 0)
            _run.End.Set(Ending());
    }

    /// <summary>Another program has changed a piece of a running download.</summary>
    private void FetchAgain(int piece, List<int> files)
    {
        foreach (int file in files.Where(file => !Files.IsTouched(file)))
            Files.Doubt(file);
        _picker.Lost(piece);
        _progress.Lost(piece);
        _saver.IsDirty = true;
        Bitfield lost = new(_run.Torrent.PieceCount);
        lost.Add(piece);
        _roster.ForEach(lost, (lost, peer) =>
        {
            if (peer.State.Pieces[piece])
                peer.State.Interesting++;
            peer.SendInterest(peer.State.Interesting > 0);
            peer.Withdraw(lost); // a peer without the message gets rejects until the piece is here again
        });

        _requests.AskAll();
    }

    /// <summary>
    /// Stops serving what another program has changed: the whole file, or only the piece while it is unknown which of several files has changed. A peer that does not
    /// support the message would request it repeatedly, or wait: it is closed, and gets the correct bitfield when it connects again.
    /// </summary>
    private void Withdraw(int piece, List<int> files)
    {
        Bitfield lost = new(_run.Torrent.PieceCount);
        lost.Add(piece);
        foreach (int file in files)
        {
            if (files.Count == 1)
                Files.Touch(file);
            else if (!Files.IsTouched(file))
                Files.Doubt(file);
            (int first, int last) = _layout.PiecesOf(file);
            for (int other = first; other <= last && files.Count == 1; other++)
            {
                if (_picker.Have[other])
                    lost.Add(other);
            }
        }

        Withdrawn ??= new Bitfield(_run.Torrent.PieceCount);
        foreach (int one in lost.All())
        {
            _picker.Withdraw(one);
            Withdrawn.Add(one);
        }

        _progress.Count(_picker.Have);
        _storage.Withdrawn();
        _roster.ForEach(lost, static (lost, peer) =>
        {
            if (!peer.Withdraw(lost))
                peer.Close(PeerClose.Outdated);
        });
    }

    /// <summary>Warns once for each changed file; if there are very many, only for the first.</summary>
    private void TellSpoilt(List<int> files)
    {
        bool isOne = files.Count == 1;
        string names = string.Join(", ", files.Take(FilesNamed).Select(file => $"'{Files.PathOnDisk(file)}'")) + (files.Count > FilesNamed ? ", …" : "");
        string what = isOne ? names : $"one of {names}";
        if (!IsNews(_spoilt, what))
            return;
        string then = !_run.IsComplete ? "What is wrong is downloaded again." : isOne ? "It is no longer served." : "The piece that they share is no longer served.";
        Warn($"{(isOne ? names : $"One of {names}")} {(isOne ? Files.DescribeChange(files[0]) : DataStore.Changed)}. {then}");
    }

    private void TellUnread(int file)
    {
        if (IsNews(_unread, $"'{Files.PathOnDisk(file)}'"))
            Warn($"{Files.ReadFailure(file)!.Message.TrimEnd('.')}. It is no longer served.");
    }

    private static bool IsNews(List<string> told, string what)
    {
        bool isNews = told.Count < FilesTold && !told.Contains(what);
        if (isNews)
            told.Add(what);
        return isNews;
    }

    private void Warn(string warning)
    {
        _run.Log(warning);
        _run.Options.OnWarning?.Invoke(warning);
    }

    /// <summary>The ending when data is no longer served.</summary>
    public RunEnding Ending()
    {
        bool isChanged = _spoilt.Count > 0;
        string what = Named("Changed while it was seeded", _spoilt) + Named("Could not be read while it was seeded", _unread);
        string then = isChanged ? "Restore the data, or download it again." : "Make the data readable, and seed it again.";
        return new RunEnding(TorrentState.Failed, isChanged ? TorrentErrorId.DataMismatch : TorrentErrorId.AccessDenied, $"{what}{Withdrawn!.Count} of {_run.Torrent.PieceCount} pieces were no longer served. {then}");

        static string Named(string what, List<string> files) =>
            files.Count == 0 ? "" : $"{what}: {string.Join(", ", files.Take(FilesNamed))}{(files.Count > FilesNamed ? ", …" : "")}. ";
    }
}
