#Requires -Version 7.6
BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
    $manifest = (Get-Module TorrentPS).Path -replace 'TorrentPS.dll$', 'TorrentPS.psd1'
    $data = Join-Path $TestDrive 'data'
    $folder = New-Item -ItemType Directory (Join-Path $TestDrive 'torrents')
    $files = [ordered]@{ 'a.txt' = 10; 'sub/b.bin' = 300000; 'sub/empty' = 0; 'c [x].dat' = 70000 }
    $many = New-TestTorrent -Path (Join-Path $folder 'many.torrent') -Name 'many' -Files $files -DataRoot $data
    $single = New-TestTorrent -Path (Join-Path $folder 'single.torrent') -Name 'single' -Length 200000 -DataRoot $data

    function Get-TestDestination { Join-Path $TestDrive ([guid]::NewGuid().ToString('n')) }
}

Describe 'Start-TorrentSeed' {
    It 'serves existing data, returns a result, and writes nothing to the data' {
        $port = Get-FreePort
        $before = Get-ChildItem $data -Recurse -Force | Select-Object FullName, Length, LastWriteTimeUtc | ConvertTo-Json
        $seed = Start-TorrentSeed $many.Path $data -Port $port -PeerSource Manual -SeedRatio 1 -AsJob
        Wait-TestListener -Port $port
        $result = Start-TorrentDownload $many.Path (Get-TestDestination) -Peer "127.0.0.1:$port" -Source Manual -StallTimeoutSeconds 300
        $result.State | Should -Be 'Completed'
        $null = Wait-Job $seed -Timeout 60
        $seed.State | Should -Be 'Completed'
        $served = Receive-Job $seed -AutoRemoveJob -Wait
        $served | Should -BeOfType TorrentPS.TorrentDownload
        $served.State | Should -Be 'Completed'
        $served.Uploaded | Should -Be $many.Length
        $served.Ratio | Should -Be 1
        $served.BytesCompleted | Should -Be $many.Length
        $served.Path | Should -Be (Join-Path $data 'many')
        Get-ChildItem $data -Recurse -Force | Select-Object FullName, Length, LastWriteTimeUtc | ConvertTo-Json | Should -Be $before
    }

    It 'accepts connections only over the transport of -Transport: <Transport>' -ForEach @(@{ Transport = 'Utp'; Other = 'Tcp' }, @{ Transport = 'Tcp'; Other = 'Utp' }) {
        $port = Get-FreePort
        $seed = Start-TorrentSeed $many.Path $data -Port $port -PeerSource Manual -Transport $Transport -AsJob
        $from = @{ Peer = "127.0.0.1:$port"; Source = 'Manual' }
        try {
            $same = Start-TorrentDownload $many.Path (Get-TestDestination) @from -Transport $Transport -StallTimeoutSeconds 300
            $same.State | Should -Be 'Completed'
            $same.Downloaded | Should -Be $many.Length
            $different = Start-TorrentDownload $many.Path (Get-TestDestination) @from -Transport $Other -TimeoutSeconds 2 -ErrorAction SilentlyContinue
            $different.State | Should -Not -Be 'Completed'
            $different.BytesCompleted | Should -Be 0
            # A seeder was running all the time.
            $any = Start-TorrentDownload $many.Path (Get-TestDestination) @from -StallTimeoutSeconds 300
            $any.State | Should -Be 'Completed'
        }
        finally { Stop-TestJob $seed }
    }

    It 'serves -MaxPeers peers at once, and the next when one has left' {
        $port = Get-FreePort
        $seed = Start-TorrentSeed $many.Path $data -Port $port -PeerSource Manual -MaxPeers 2 -AsJob
        $peers = @()
        $later = [System.Collections.Generic.List[object]]::new()
        try {
            Wait-TestListener -Port $port
            $peers = @(1..3 | ForEach-Object { Connect-TestPeer -Port $port -InfoHash $many.InfoHash })
            $peers.Answered | Should -Be $true, $true, $false
            $peers[0].Client.Dispose()
            # The seeder notices with some delay; until then, further peers are refused like the third.
            Wait-Until {
                $later.Add((Connect-TestPeer -Port $port -InfoHash $many.InfoHash))
                $later[-1].Answered
            }
        }
        finally {
            foreach ($peer in $peers + $later) { $peer.Client.Dispose() }
            Stop-TestJob $seed
        }
    }

    It 'ends after -SeedSeconds and -TimeoutSeconds: <Name>' -ForEach @(@{ Name = 'SeedSeconds' }, @{ Name = 'TimeoutSeconds' }) {
        $with = @{ $Name = 1 }
        $result = Start-TorrentSeed $many.Path $data -PeerSource Manual @with
        $? | Should -BeTrue
        $result.State | Should -Be 'Completed'
        $result.Elapsed.TotalSeconds | Should -BeGreaterThan 0.9
    }

    It 'takes <Case>' -ForEach @(
        @{ Case = 'a wildcard'; Run = { Start-TorrentSeed (Join-Path $folder '*.torrent') -Source $data @briefly } }
        @{ Case = 'files'; Run = { Get-ChildItem $folder -Filter *.torrent | Start-TorrentSeed -Source $data @briefly } }
        @{ Case = 'torrents'; Run = { Get-TorrentInfo (Join-Path $folder '*.torrent') | Start-TorrentSeed -Source $data @briefly } }
        @{ Case = 'names'; Run = { $many.Path, $single.Path | Start-TorrentSeed -Source $data @briefly } }
    ) {
        $briefly = @{ SeedSeconds = 2; PeerSource = 'Manual' }
        $results = & $Run
        $results.Name | Sort-Object | Should -Be 'many', 'single'
        # At the same time: each was still running when the other ended at the earliest.
        ($results.Elapsed.TotalSeconds | Measure-Object -Sum).Sum | Should -BeGreaterThan 3.8
        $results.State | Should -Be 'Completed', 'Completed'
    }

    It 'seeds all that is piped in at the same time' {
        $port = Get-FreePort
        $seed = Start-ThreadJob { Import-Module $using:manifest; Get-ChildItem $using:folder -Filter *.torrent | Start-TorrentSeed -Source $using:data -Port $using:port -PeerSource Manual -SeedRatio 1 }
        $results = Start-TorrentDownload $many.Path, $single.Path (Get-TestDestination) -Peer "127.0.0.1:$port" -Source Manual -StallTimeoutSeconds 300
        $results.State | Should -Be 'Completed', 'Completed'
        ($seed | Receive-Job -Wait -AutoRemoveJob).Ratio | Should -Be 1, 1
    }

    It 'finds the data <Where>' -ForEach @(
        @{ Where = 'beside the .torrent'; Torrent = { Copy-Item $many.Path (Join-Path $data 'beside.torrent') -PassThru }; Location = { $TestDrive } }
        @{ Where = 'in the current location'; Torrent = { $many.Path }; Location = { $data } }
        @{ Where = 'where New-Torrent found it'; Torrent = { New-Torrent (Join-Path $data 'many') -Destination (Join-Path $TestDrive 'made.torrent') -Force }; Location = { $TestDrive } }
        @{ Where = 'by its own path'; Torrent = { $many.Path }; Location = { $TestDrive }; Source = { @{ Source = Join-Path $data 'many' } } }
        @{ Where = 'by its own path, of one file'; Torrent = { $single.Path }; Location = { $TestDrive }; Source = { @{ Source = Join-Path $data 'single' } } }
    ) {
        Push-Location (& $Location)
        try {
            $from = $Source ? (& $Source) : @{}
            (& $Torrent | Start-TorrentSeed -SeedSeconds 0 -PeerSource Manual @from).State | Should -Be 'Completed'
        }
        finally {
            Pop-Location
            Remove-Item (Join-Path $data 'beside.torrent') -ErrorAction Ignore
        }
    }

    It 'names the searched paths when there is no data, and continues with the next' {
        $gone = New-TestTorrent -Path (Join-Path $TestDrive 'gone.torrent') -Name 'gone' -Length 50000
        Push-Location $data
        try { $results = $gone.Path, $many.Path | Start-TorrentSeed -SeedSeconds 0 -PeerSource Manual -ErrorVariable failed -ErrorAction SilentlyContinue } finally { Pop-Location }
        $results.Name | Should -Be 'many'
        $failed[0].FullyQualifiedErrorId | Should -Be 'DataMismatch,TorrentPS.Commands.StartTorrentSeedCommand'
        $failed[0].Exception.Message | Should -Match ([regex]::Escape("is not in '$TestDrive' nor in '$data'"))
        { Start-TorrentSeed $gone.Path $data -ErrorAction Stop } | Should -Throw -ErrorId 'DataMismatch,*'
        { Start-TorrentSeed $gone.Path (Join-Path $data 'no') -ErrorAction Stop } | Should -Throw '*There is no folder*'
        { Start-TorrentSeed $gone.Path Env:/ } | Should -Throw -ErrorId 'AccessDenied,*'
    }

    It 'warns of a file that another program changes, serves the others, and fails when it is stopped' {
        $copy = Get-TestDestination
        Copy-Item $data $copy -Recurse
        $changed = Get-Item (Join-Path $copy 'many/sub/b.bin')
        $port = Get-FreePort
        $seed = Start-TorrentSeed $many.Path $copy -Port $port -PeerSource Manual -AsJob
        $download = $null
        try {
            Wait-TestListener -Port $port
            $stream = [System.IO.File]::Open($changed, 'Open', 'ReadWrite', 'ReadWrite, Delete')
            $null = $stream.Seek(100000, 'Begin')
            $byte = $stream.ReadByte()
            $null = $stream.Seek(100000, 'Begin')
            $stream.WriteByte($byte -bxor 255)
            $stream.Dispose()
            $changed.LastWriteTimeUtc = $changed.LastWriteTimeUtc.AddMinutes(1)
            # Its requests make the seed open the file and see its time.
            $download = Start-TorrentDownload $many.Path (Get-TestDestination) -Peer "127.0.0.1:$port" -Source Manual -AsJob
            Wait-Until { $seed.Warning.Count -gt 0 }
            $seed.Warning[0].Message | Should -BeLike "'$changed' was changed by another program,* It is no longer served."
            $seed.State | Should -Be 'Running'
            Stop-Job $seed
            $seed.State | Should -Be 'Failed'
            $result = Receive-Job $seed -ErrorVariable failed -ErrorAction SilentlyContinue -WarningAction SilentlyContinue
            $result.State | Should -Be 'Failed'
            $result.ErrorId | Should -Be 'DataMismatch'
            $result.BytesCompleted | Should -BeLessThan $many.Length
            $failed[0].CategoryInfo.Category | Should -Be 'InvalidResult'
            $failed[0].Exception.Message | Should -BeLike "Changed while it was seeded: '$changed'*"
        }
        finally { $seed, $download | Where-Object { $_ } | Remove-Job -Force }
    }

    It 'names the flaws of the data' {
        $copy = Get-TestDestination
        Copy-Item $data $copy -Recurse
        $broken = Join-Path $copy 'many/sub/b.bin'
        $bytes = [System.IO.File]::ReadAllBytes($broken)
        $bytes[1000] = $bytes[1000] -bxor 255
        [System.IO.File]::WriteAllBytes($broken, $bytes)
        $result = Start-TorrentSeed $many.Path $copy -PeerSource Manual -ErrorVariable failed -ErrorAction SilentlyContinue
        $result.State | Should -Be 'Failed'
        $result.ErrorId | Should -Be 'DataMismatch'
        $failed[0].FullyQualifiedErrorId | Should -Be 'DataMismatch,TorrentPS.Commands.StartTorrentSeedCommand'
        $failed[0].CategoryInfo.Category | Should -Be 'InvalidResult'
        $failed[0].Exception.Message | Should -Match "'many/sub/b.bin' differs in 1 of"
        Remove-Item $broken
        $failed = $null
        $null = Start-TorrentSeed $many.Path $copy -PeerSource Manual -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].Exception.Message | Should -Match "'many/sub/b.bin' is missing"
    }

    It 'does not hash unchanged data again, except on request' {
        $null = Start-TorrentSeed $single.Path $data -PeerSource Manual -SeedSeconds 0
        (Start-TorrentSeed $single.Path $data -PeerSource Manual -SeedSeconds 0).PercentChecked | Should -Be 0
        (Start-TorrentSeed $single.Path $data -PeerSource Manual -SeedSeconds 0 -Recheck).PercentChecked | Should -Be 100
        (Get-Item (Join-Path $data 'single')).LastWriteTimeUtc = [datetime]::UtcNow
        (Start-TorrentSeed $single.Path $data -PeerSource Manual -SeedSeconds 0).PercentChecked | Should -Be 100
    }

    It 'does nothing with -WhatIf' {
        Start-TorrentSeed $many.Path $data -WhatIf | Should -BeNullOrEmpty
        Start-TorrentSeed $many.Path $data -AsJob -WhatIf | Should -BeNullOrEmpty
    }

    It 'shows uploads and peers, sums up several torrents, and removes it when it is stopped' {
        $port = Get-FreePort
        $tracker = [TestTracker]::new()
        $shell = [powershell]::Create()
        try {
            foreach ($name in 'many', 'single') {
                $null = New-TestTorrent -Path (Join-Path $TestDrive "$name-told.torrent") -Name $name -Files ($name -eq 'many' ? $files : $null) -Length 200000 -Tracker $tracker.Url
            }
            $null = $shell.AddScript("Import-Module '$manifest'; Start-TorrentSeed '$TestDrive/*-told.torrent' '$data' -Port $port -PeerSource Tracker -UploadLimit 100KB")
            $null = $shell.BeginInvoke()
            $reader = Start-TorrentDownload (Join-Path $TestDrive 'many-told.torrent') (Get-TestDestination) -Peer "127.0.0.1:$port" -Source Manual -AsJob
            Wait-Until { $shell.Streams.Progress | Where-Object { $_.Activity -eq 'Seeding many' -and $_.StatusDescription -match 'sent, [1-9].*/s, .*1 peer' } }
            $shell.Streams.Progress | Where-Object Activity -EQ 'Seeding many' | Select-Object -Last 1 -ExpandProperty StatusDescription | Should -Match 'sent, .*/s, ratio .*1 peer'
            $shell.Streams.Progress.Activity | Should -Contain 'Seeding 2 torrents'
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $tracker.CountEvents('stopped') | Should -Be 2
            foreach ($group in $shell.Streams.Progress | Group-Object ActivityId) { $group.Group[-1].RecordType | Should -Be 'Completed' -Because $group.Name }
        }
        finally {
            if ($reader) { Remove-Job $reader -Force }
            $shell.Dispose()
            $tracker.Dispose()
        }
    }
}
